"""App configuration."""

from django.apps import AppConfig


class AttestationServerConfig(AppConfig):
    """The server's half of attestation: its evidence and the key that signs run records."""

    name = "attestation.server"
    label = "attestation"
    verbose_name = "Attestation"
