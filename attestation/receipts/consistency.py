"""Whether a signed statement can be true at all: digests, outcome, times and money hold against each other."""

from collections.abc import Mapping
from typing import Any, Final

from attestation.digests import text_hash
from attestation.errors import ManifestError, RunFieldMissing
from attestation.manifests.run_record import COMPLETED, FAILED, RECEIPT_VERSION, ROW_POLICIES
from attestation.reading import SHA256_HEX, Reader
from attestation.receipts.errors import ReceiptInconsistent, ReceiptVersionUnknown

_STATED: Final = (
    "receipt_version",
    "outcome",
    "stages",
    "artifacts",
    "hold_micro_usd",
    "cost_micro_usd",
    "billing_status",
    "asked_at_ms",
    "ended_at_ms",
)
_NOT_CHARGED: Final = "billing_error"
_PER_MILLION: Final = 1_000_000
_NOTHING: Final = text_hash("")


def check_consistency(body: Mapping[str, Any]) -> None:
    """Returns for a statement that holds together.

    Raises RunFieldMissing for a record of an older service, ReceiptVersionUnknown, ReceiptInconsistent.
    """
    reader = Reader(body)
    for name in _STATED:
        if not reader.has(name):
            raise RunFieldMissing(name)
    try:
        if reader.count("receipt_version") != RECEIPT_VERSION:
            raise ReceiptVersionUnknown
        _check_outcome(reader)
        _check_times(reader)
        _check_money(reader)
        _check_artifacts(reader)
        _check_scope(reader)
    except ManifestError as error:
        raise ReceiptInconsistent(error.field) from error


def _check_outcome(body: Reader) -> None:
    status, outcome = body.choice("status", (COMPLETED, FAILED)), body.filled("outcome")
    for name in ("run_id", "room_id"):
        body.filled(name)
    body.sha256("prompt_hash")
    body.sha256("room_manifest_hash")
    output, error = body.sha256("output_hash"), body.text("error_hash")
    if (status == COMPLETED) != (outcome == COMPLETED):
        raise ReceiptInconsistent("outcome")
    if status == COMPLETED and error:
        raise ReceiptInconsistent("error_hash")
    if status == FAILED and (output != _NOTHING or not SHA256_HEX.fullmatch(error)):
        raise ReceiptInconsistent("output_hash")


def _check_times(body: Reader) -> None:
    """Stages follow each other, and nothing is later than the end.

    When the question came in was told by another clock: only the end is held against it.
    """
    ended, latest = body.count("ended_at_ms"), 0
    if body.count("asked_at_ms") > ended or body.count("timestamp") != ended // 1000:
        raise ReceiptInconsistent("timestamp")
    for stage in body.objects("stages"):
        if stage.members.get("started_at_ms") is None:
            if stage.members.get("ended_at_ms") is not None:
                raise ReceiptInconsistent(stage.field("ended_at_ms"))
            continue
        for name in ("started_at_ms", "ended_at_ms"):
            if stage.count(name) < latest:
                raise ReceiptInconsistent(stage.field(name))
            latest = stage.count(name)
    if latest > ended:
        raise ReceiptInconsistent("ended_at_ms")


def _check_money(body: Reader) -> None:
    """The cost is what the stated prices make of the stated use, within the hold."""
    hold, cost = body.count("hold_micro_usd"), body.count("cost_micro_usd")
    names = [stage.filled("name") for stage in body.objects("stages")]
    if len(set(names)) != len(names):
        raise ReceiptInconsistent("stages")
    used = sum(_charge(stage) for stage in body.objects("stages"))
    charged = 0 if body.filled("billing_status") == _NOT_CHARGED else min(hold, used)
    if cost != charged:
        raise ReceiptInconsistent("cost_micro_usd")


def _charge(stage: Reader) -> int:
    """One stage's tokens at its prices, rounded up; tokens of a model without a price are not charged."""
    tokens = (stage.count("prompt_tokens"), stage.count("completion_tokens"))
    names = ("prompt_micro_usd_per_mtok", "completion_micro_usd_per_mtok")
    if any(stage.members.get(name) is None for name in names):
        return 0
    product = sum(count * stage.count(name) for count, name in zip(tokens, names, strict=True))
    return -(-product // _PER_MILLION)


def _check_artifacts(body: Reader) -> None:
    names = []
    for artifact in body.objects("artifacts"):
        names.append(artifact.filled("filename"))
        artifact.count("size_bytes")
        artifact.sha256("sha256")
    if names != sorted(set(names)):
        raise ReceiptInconsistent("artifacts")


def _check_scope(body: Reader) -> None:
    """Row policies were in force if, and only if, the record says which."""
    names = body.texts("scope_enforcement") if body.has("scope_enforcement") else ()
    if body.has("row_policies_sha256"):
        body.sha256("row_policies_sha256")
    if (ROW_POLICIES in names) != body.has("row_policies_sha256"):
        raise ReceiptInconsistent("scope_enforcement")
