"""The form of a receipt, for the description of the API."""

from typing import Any

from rest_framework import serializers

from rooms.api.serializers.responses import EnvelopeResponse


class RecordResponse(serializers.Serializer[Any]):
    """What the service signed about a run: Ed25519 over the canonical JSON of `body`."""

    body = serializers.DictField()
    signature_b64 = serializers.CharField()
    signer_pubkey_b64 = serializers.CharField()


class ReceiptResponse(serializers.Serializer[Any]):
    """A receipt: `python -m attestation receipt verify FILE` and `hmctl receipt verify FILE` check it offline."""

    receipt_version = serializers.IntegerField(help_text="1.")
    record = RecordResponse()
    evidence = serializers.DictField(allow_null=True, help_text="The attestation bundle of that time.")
    room_envelope = EnvelopeResponse(allow_null=True, help_text="The terms of that time. Null when they were not kept.")
    collateral = serializers.DictField(allow_null=True, help_text="The hardware maker's statements for the quote.")
