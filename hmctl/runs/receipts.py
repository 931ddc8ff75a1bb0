"""Receipts: fetched once, kept by the user, held against what this machine noted."""

from collections.abc import Mapping
from typing import Any, Final

from attestation.errors import CanonicalError
from attestation.receipts.document import encode_receipt
from hmctl.client import wire
from hmctl.client.transport import JsonObject
from hmctl.client.v1 import V1
from hmctl.errors import BadAnswer, BadInput, HttpFailed, ReceiptRejected
from hmctl.runs.asked import Asked
from hmctl.secret import Secret

_UNKNOWN_PATH: Final = "Not Found"  # of services that are older than receipts


def fetch(client: V1, run_id: str, *, payer: Secret | None) -> JsonObject:
    """The receipt of an ended run, as the service gives it (BadAnswer for another run's, BadInput where none are)."""
    try:
        receipt = client.receipt(run_id, payer=payer)
    except HttpFailed as problem:
        if problem.status == 404 and problem.detail == _UNKNOWN_PATH:
            raise BadInput("this service gives no receipts") from None
        raise
    if wire.text(wire.obj(wire.obj(receipt, "record"), "body"), "run_id") != run_id:
        raise BadAnswer("the service answered with the receipt of another run", hint="Do not use this service.")
    return receipt


def text(receipt: JsonObject) -> bytes:
    """A receipt as a file: in its one spelling, as one line (BadAnswer for what has none)."""
    try:
        return encode_receipt(receipt) + b"\n"
    except CanonicalError as problem:
        raise BadAnswer("the service answered with a receipt that is no plain JSON") from problem


def check_notes(body: Mapping[str, Any], noted: Asked) -> None:
    """Holds a verified statement against what was noted when the question left (ReceiptRejected)."""
    expected = {
        "room_id": noted.room_id,
        "room_manifest_hash": noted.room_manifest_hash,
        "prompt_hash": noted.prompt_hash,
        "client_nonce": noted.client_nonce,
        "query_files_digest": noted.query_files_sha256 if body.get("status") == "completed" else "",
    }
    for name, value in expected.items():
        if value and body.get(name) != value:
            sentence = f"own notes: the receipt states another {name} than was asked from here"
            told = {"code": "notes_differ", "check": "own notes", "message": sentence, "remedy": ""}
            raise ReceiptRejected(sentence, told={"verdict": "refused", "error": told})
