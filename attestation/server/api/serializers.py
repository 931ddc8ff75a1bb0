"""The response of the attestation route."""

from typing import Any

from rest_framework import serializers


class DevelopmentSignerResponse(serializers.Serializer[Any]):
    """A run-signing key that no hardware vouches for."""

    run_signer_pubkey_b64 = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]


class BundleResponse(serializers.Serializer[Any]):
    """Either `ready` with evidence in `attestation`, or the reason why there is none."""

    ready = serializers.BooleanField()
    reason = serializers.CharField(required=False)
    hivemind_version = serializers.CharField(required=False)
    development = DevelopmentSignerResponse(required=False)
    booted_at = serializers.FloatField(required=False)
    attestation = serializers.DictField(required=False)
