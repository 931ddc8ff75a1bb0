"""Request and response of the attestation route."""

from typing import Any

from rest_framework import serializers


class EvidenceQuery(serializers.Serializer[Any]):
    """What a quote should be made for."""

    nonce = serializers.RegexField(
        r"\A[0-9a-f]{64}\Z",
        required=False,
        trim_whitespace=False,
        help_text="32 bytes of the asker's choice as lowercase hex; the answer's quote is made for them.",
        error_messages={"invalid": "64 characters of lowercase hex are wanted."},
    )


class DevelopmentResponse(serializers.Serializer[Any]):
    """What no hardware vouches for: a run-signing key, or the root and statements under which the quote verifies."""

    label = serializers.CharField()  # type: ignore[assignment]
    run_signer_pubkey_b64 = serializers.CharField(required=False)
    root_ca_der_b64 = serializers.CharField(required=False)
    collateral = serializers.DictField(required=False)


class BundleResponse(serializers.Serializer[Any]):
    """Either `ready` with evidence in `attestation`, or the reason why there is none."""

    ready = serializers.BooleanField()
    reason = serializers.CharField(required=False)
    hivemind_version = serializers.CharField(required=False)
    development = DevelopmentResponse(required=False)
    booted_at = serializers.FloatField(required=False)
    attestation = serializers.DictField(required=False)
