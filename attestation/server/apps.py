"""App configuration."""

from django.apps import AppConfig


class AttestationServerConfig(AppConfig):
    """The server's half of attestation: its evidence, the key that signs run records, compose pins, builds that ran."""

    name = "attestation.server"
    label = "attestation"
    verbose_name = "Attestation"

    def ready(self) -> None:
        """Have proven builds noted."""
        from attestation.server.services import keeper, seen_builds

        keeper.show(seen_builds.Noting())
