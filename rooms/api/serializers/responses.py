"""Responses, for the OpenAPI document. `rooms.api.shapes` builds them."""

from typing import Any

from rest_framework import serializers

Response = serializers.Serializer[Any]


class EnvelopeResponse(Response):
    """The signed manifest with its hash, signature and signer."""

    manifest = serializers.JSONField()
    manifest_hash = serializers.CharField()
    signature_b64 = serializers.CharField()
    signer_pubkey_b64 = serializers.CharField()


class RevocationStatement(Response):
    """What the owner says about the end of a room."""

    schema = serializers.CharField()
    room_id = serializers.CharField()
    tenant_id = serializers.CharField()
    serial = serializers.IntegerField()
    revoked_at = serializers.IntegerField(help_text="Unix seconds.")
    owner_pubkey_b64 = serializers.CharField()


class RevocationResponse(Response):
    """The signed statement: Ed25519 over its domain and its canonical JSON."""

    statement = RevocationStatement()
    signature_b64 = serializers.CharField()
    signer_pubkey_b64 = serializers.CharField()


class RoomRevocationResponse(Response):
    """The end of a room."""

    room_id = serializers.CharField()
    revocation = RevocationResponse()


class RoomResponse(Response):
    """A room. Everything but `created_at` and `revoked_at` is read from the verified manifest."""

    room_id = serializers.CharField()
    name = serializers.CharField()
    envelope = EnvelopeResponse()
    manifest = serializers.JSONField()
    manifest_hash = serializers.CharField()
    scope_agent_id = serializers.CharField()
    fixed_query_agent_id = serializers.CharField()
    fixed_mediator_agent_id = serializers.CharField()
    query_mode = serializers.CharField()
    output_visibility = serializers.CharField()
    allowed_llm_providers = serializers.ListField(child=serializers.CharField())
    allow_artifacts = serializers.BooleanField()
    policy = serializers.CharField()
    created_at = serializers.FloatField()
    revoked_at = serializers.FloatField(allow_null=True)
    revocation = RevocationResponse(
        required=False, help_text="The owner's signed statement that the room is over, where there is one."
    )
    damaged = serializers.CharField(
        required=False, help_text="In lists only: the stored envelope fails this check, and nothing of it is shown."
    )


class RoomCreatedResponse(Response):
    """A new room with its invite, which is shown this once."""

    room_id = serializers.CharField()
    room = RoomResponse()
    token = serializers.CharField()
    token_id = serializers.CharField()
    link = serializers.CharField()


class RoomsResponse(Response):
    """Rooms, newest first."""

    rooms = RoomResponse(many=True)


class RoomAttestResponse(Response):
    """A room with the digests of its agents and the service's evidence."""

    room = RoomResponse()
    scope_agent = serializers.JSONField()
    query_agent = serializers.JSONField(allow_null=True)
    mediator_agent = serializers.JSONField(allow_null=True)
    attestation = serializers.JSONField()


class RoomKeyResponse(Response):
    """Whether what the caller presented opens the room."""

    room_id = serializers.CharField()
    open = serializers.BooleanField()
    wrap_count = serializers.IntegerField()
    item_count = serializers.IntegerField()


class RoomTrustResponse(Response):
    """A room after a trust update."""

    room_id = serializers.CharField()
    room = RoomResponse()


class RoomRevokedResponse(Response):
    """What a revocation took away."""

    status = serializers.CharField()
    room_id = serializers.CharField()
    invites_revoked = serializers.IntegerField()
    share_link_disabled = serializers.BooleanField()
    revocation = RevocationResponse(required=False, help_text="Left out when the key that signed the room is gone.")


class VaultAddedResponse(Response):
    """A new vault item."""

    room_id = serializers.CharField()
    item_id = serializers.CharField()
    metadata = serializers.JSONField()
    created_at = serializers.FloatField()
    size_bytes = serializers.IntegerField()


class VaultItemResponse(VaultAddedResponse):
    """A vault item with its text."""

    text = serializers.CharField()


class VaultResponse(Response):
    """A whole vault, oldest item first."""

    items = VaultItemResponse(many=True)


class VaultDeletedResponse(Response):
    """A vault item that is gone."""

    status = serializers.CharField()
    room_id = serializers.CharField()
    item_id = serializers.CharField()


class ShareLinkResponse(Response):
    """A room's share link. Token and link are there in the one answer that made them, and null afterwards."""

    enabled = serializers.BooleanField()
    room_id = serializers.CharField()
    share_token = serializers.CharField(required=False, allow_null=True)
    prefix = serializers.CharField(required=False)
    created_at = serializers.FloatField(required=False)
    rotated_at = serializers.FloatField(required=False, allow_null=True)
    link = serializers.CharField(required=False, allow_null=True)
