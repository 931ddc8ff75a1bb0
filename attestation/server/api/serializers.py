"""Requests and responses of the attestation route and of compose pins."""

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


class ComposePinEnvelope(serializers.Serializer[Any]):
    """What an owner says about builds of the service, signed. The signature covers everything else, sorted."""

    schema_version = serializers.IntegerField(default=1)
    tenant_id = serializers.CharField()
    allowed_composes = serializers.ListField(
        child=serializers.CharField(max_length=128), max_length=64, default=list, help_text="Compose hashes, as hex."
    )
    scope_agent_id = serializers.CharField(
        allow_blank=True, max_length=200, help_text="The scope agent it is about; empty for all of the tenant's."
    )
    attested_files_digest = serializers.CharField(allow_blank=True, max_length=128)
    issued_at = serializers.IntegerField(help_text="Unix seconds.")
    exp = serializers.IntegerField(default=0, help_text="The last valid unix second; 0 for never.")
    signer_pubkey = serializers.CharField()
    signature = serializers.CharField()


class ComposePinRequest(serializers.Serializer[Any]):
    """A signed compose pin. What is wrong with it is told with status 400."""

    envelope = ComposePinEnvelope()


class ComposePinsQuery(serializers.Serializer[Any]):
    """Which pins are asked for."""

    scope_agent_id = serializers.CharField(
        required=False,
        allow_blank=True,
        trim_whitespace=False,
        max_length=200,
        help_text="Only pins about exactly this scope agent; empty: only those about all of the tenant's.",
    )


class ComposePinStoredResponse(serializers.Serializer[Any]):
    """A pin as it is kept."""

    pin_id = serializers.CharField()
    tenant_id = serializers.CharField()
    envelope = ComposePinEnvelope()


class ComposePinResponse(ComposePinStoredResponse):
    """A pin as it is kept, with its dates."""

    created_at = serializers.FloatField()
    revoked_at = serializers.FloatField(allow_null=True)


class ListedComposePinResponse(serializers.Serializer[Any]):
    """One pin of a list."""

    pin_id = serializers.CharField()
    envelope = ComposePinEnvelope(allow_null=True)
    created_at = serializers.FloatField()
    revoked_at = serializers.FloatField(allow_null=True)


class ComposePinsResponse(serializers.Serializer[Any]):
    """Pins, newest first."""

    pins = ListedComposePinResponse(many=True)


class ComposePinRevokedResponse(serializers.Serializer[Any]):
    """A pin that was taken back."""

    status = serializers.CharField()
    pin_id = serializers.CharField()
