"""Taking a receipt apart. Nothing in it is believed yet."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from attestation.canonical import ROOM_V1
from attestation.errors import CanonicalError
from attestation.manifests.run_record import RECEIPT_VERSION
from attestation.receipts.errors import ReceiptMalformed, ReceiptRespelled, ReceiptVersionUnknown

MAX_RECEIPT_BYTES: Final = 4 * 1024 * 1024
_MEMBERS: Final = {"receipt_version", "record", "evidence", "room_envelope", "collateral"}
_RECORD: Final = {"body", "signature_b64", "signer_pubkey_b64"}
_ENVELOPE: Final = {"manifest", "manifest_hash", "signature_b64", "signer_pubkey_b64"}


@dataclass(frozen=True)
class Document:
    """The parts of a receipt; None for a part that it does not hold."""

    record: Mapping[str, Any]
    evidence: Mapping[str, Any] | None
    room_envelope: Mapping[str, Any] | None
    collateral: Mapping[str, Any] | None

    @property
    def body(self) -> Mapping[str, Any]:
        """What the record states."""
        body: Mapping[str, Any] = self.record["body"]
        return body


def encode_receipt(document: Mapping[str, Any]) -> bytes:
    """A receipt as the file that it is given out as. Raises CanonicalError for what is no plain JSON."""
    return ROOM_V1.encode(document)


def parse_receipt(data: bytes) -> object:
    """The value of a receipt's file, which may end with one line feed.

    A receipt has one spelling, so that no byte of the file can be changed unnoticed, whether anything is signed there
    or not. Raises ReceiptMalformed for every other spelling, and ReceiptRespelled if it is JSON.
    """
    if len(data) > MAX_RECEIPT_BYTES:
        raise ReceiptMalformed("The file is too large for a receipt.")
    bare = data.removesuffix(b"\n")
    try:
        value = ROOM_V1.decode_strict(bare)
        same = ROOM_V1.is_exact(bare, value)
    except CanonicalError as error:
        raise ReceiptMalformed from error
    if not same:
        raise ReceiptRespelled
    return value


def take_apart(document: object) -> Document:
    """The parts, each with exactly its members.

    Raises ReceiptVersionUnknown for another version, ReceiptMalformed for everything else.
    """
    if not isinstance(document, Mapping) or not isinstance(document.get("record"), Mapping):
        raise ReceiptMalformed
    version = document.get("receipt_version")
    if isinstance(version, bool) or not isinstance(version, int):
        raise ReceiptMalformed
    if version != RECEIPT_VERSION:
        raise ReceiptVersionUnknown
    record, room = document["record"], document.get("room_envelope")
    if set(document) != _MEMBERS or set(record) != _RECORD or not isinstance(record["body"], Mapping):
        raise ReceiptMalformed
    if room is not None and (not isinstance(room, Mapping) or set(room) != _ENVELOPE):
        raise ReceiptMalformed
    for name in ("evidence", "collateral"):
        if document[name] is not None and not isinstance(document[name], Mapping):
            raise ReceiptMalformed
    return Document(record, document["evidence"], room, document["collateral"])
