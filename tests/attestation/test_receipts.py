"""Bob checks a receipt long afterwards, without the service."""

import copy
import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from attestation.canonical import ROOM_V1
from attestation.errors import (
    BadSignature,
    CouldNotCheck,
    KernelError,
    OtherRoom,
    RunFieldDiffers,
    RunFieldMissing,
    RunSignerDiffers,
    RunSignerUnknown,
    SignerIsNotLinkKey,
    VerificationError,
)
from attestation.evidence.checks import Outcome
from attestation.manifests.run_record import RunArtifact, sign_run
from attestation.receipt import ReceiptExpectation
from attestation.receipts.document import MAX_RECEIPT_BYTES, parse_receipt
from attestation.receipts.errors import (
    ArtifactDiffers,
    ArtifactMissing,
    ArtifactUnknown,
    DevelopmentSignerOnly,
    EvidenceDiffers,
    ReceiptInconsistent,
    ReceiptMalformed,
    ReceiptVersionUnknown,
    RoomContradicted,
    RoomEnvelopeMissing,
)
from tests.attestation import paid
from tests.attestation.paid import check, known, receipt, resigned

GOLDEN = json.loads((Path(__file__).parents[1] / "vectors" / "receipts.json").read_text())
HONEST = receipt()
CANCELLED = receipt(**paid.CANCELLED)


def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where the leaves of a JSON value are; an empty list or object is a leaf."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = [path for key, child in children for path in paths(child, (*at, key))]
    return found or [at]


def changed(document: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    twin = copy.deepcopy(document)
    place: Any = twin
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return twin


def other(value: Any) -> Any:
    """Another value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, str):
        return ("0" if value[:1] != "0" else "1") + value[1:]
    return [1]


def leaf(document: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        document = document[key]
    return document


def test_receipts_are_made_as_they_were_written_down() -> None:
    assert GOLDEN == {"completed": HONEST, "cancelled": CANCELLED}


def test_an_honest_receipt_verifies_and_every_check_is_told() -> None:
    verdict = check(GOLDEN["completed"])
    assert verdict.body == HONEST["record"]["body"]
    assert verdict.development
    assert verdict.not_checked == ("run signer", "room trust")
    signer = next(c for c in verdict.checks if c.name == "run signer")
    assert (signer.outcome, signer.detail) == (
        Outcome.NOT_CHECKED,
        "development signer: proves nothing about hardware",
    )
    done = [c.name for c in verdict.checks if c.outcome is Outcome.VERIFIED]
    assert done == [
        "record signature",
        "consistency",
        "evidence",
        "room",
        "owner key",
        "run id",
        "client nonce",
        "prompt",
        "answer",
        "artifacts",
    ]


def test_what_is_not_given_is_not_checked() -> None:
    verdict = check(GOLDEN["completed"], ReceiptExpectation(accept_development=True))
    assert set(verdict.not_checked) == {
        "run signer", "room trust", "owner key", "run id", "client nonce", "prompt", "answer", "artifacts",
    }  # fmt: skip


def test_a_run_that_was_cancelled_has_a_receipt_that_verifies() -> None:
    verdict = check(GOLDEN["cancelled"], known(client_nonce=None, answer="", artifacts=()))
    assert (verdict.body["outcome"], verdict.body["cost_micro_usd"]) == ("cancelled", 0)


def test_texts_count_with_or_without_the_line_end_of_printing() -> None:
    for ending in ("", "\n", "\r\n"):
        check(HONEST, known(answer=paid.ANSWER + ending, prompt=paid.PROMPT + ending))
    for wrong in (paid.ANSWER + "\n\n", paid.ANSWER + " ", "\n" + paid.ANSWER, ""):
        with pytest.raises(RunFieldDiffers) as refused:
            check(HONEST, known(answer=wrong))
        assert refused.value.code == "output_differs"


@pytest.mark.parametrize("document", [HONEST, CANCELLED], ids=["completed", "cancelled"])
def test_no_signed_statement_can_be_changed(document: dict[str, Any]) -> None:
    everything = paths(document["record"]["body"], ("record", "body"))
    assert len(everything) > 60
    for path in everything:
        with pytest.raises(VerificationError) as refused:
            check(changed(document, path, other(leaf(document, path))), known(artifacts=None, client_nonce=None))
        assert not isinstance(refused.value, CouldNotCheck), path
    for name in document["record"]["body"]:
        twin = copy.deepcopy(document)
        del twin["record"]["body"][name]
        with pytest.raises(BadSignature):
            check(twin)


def test_no_part_beside_the_statement_can_be_changed_either() -> None:
    for path in paths(HONEST):
        if path[:2] == ("record", "body") or path == ("collateral",):
            continue
        with pytest.raises(KernelError):
            check(changed(HONEST, path, other(leaf(HONEST, path))))


def test_nothing_can_be_added_or_left_out() -> None:
    for place in ((), ("record",), ("room_envelope",)):
        with pytest.raises(ReceiptMalformed):
            check(changed(HONEST, (*place, "more"), 1))
        for name in leaf(HONEST, place):
            twin = copy.deepcopy(HONEST)
            del leaf(twin, place)[name]
            with pytest.raises(ReceiptMalformed):
                check(twin)
    for junk in (None, [], 1, "x", {}, {"record": 1}, {"record": {}, "receipt_version": True}):
        with pytest.raises(ReceiptMalformed):
            check(junk)


def test_a_later_version_is_not_judged() -> None:
    with pytest.raises(ReceiptVersionUnknown):
        check(HONEST | {"receipt_version": 2})
    with pytest.raises(ReceiptVersionUnknown):
        check(receipt(receipt_version=2))


def test_the_record_of_an_older_service_is_not_judged() -> None:
    ours = [field.name for field in dataclasses.fields(paid.BODY)][23:]
    old = dataclasses.replace(paid.BODY, **dict.fromkeys(ours), room_manifest_hash="7" * 64)
    with pytest.raises(RunFieldMissing):
        check(HONEST | {"record": sign_run(old, key=paid.SIGNER)})


def test_signatures_cannot_be_swapped() -> None:
    another = receipt(run_id="ffffffffffff")
    for part in ("record", "room_envelope"):
        for source in (another, CANCELLED, HONEST):
            stolen = source["record"]["signature_b64"]
            if stolen != HONEST[part]["signature_b64"]:
                with pytest.raises(BadSignature):
                    check(changed(HONEST, (part, "signature_b64"), stolen))


def test_another_signers_record_is_refused() -> None:
    with pytest.raises(RunSignerDiffers):
        check(receipt(signer=paid.CAROL))
    forged = changed(HONEST, ("record", "signer_pubkey_b64"), paid.CAROL.public_b64)
    with pytest.raises(BadSignature):
        check(forged)
    lie = resigned(HONEST, lambda body: body.update(signer_pubkey_b64=paid.CAROL.public_b64))
    with pytest.raises(RunFieldDiffers) as refused:
        check(lie)
    assert refused.value.code == "body_signer_differs"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"run_id": "ffffffffffff"}, "run_id_differs"),
        ({"client_nonce": "cd" * 32}, "nonce_differs"),
        ({"prompt_hash": "0" * 64}, "prompt_differs"),
        ({"output_hash": "0" * 64}, "output_differs"),
    ],
)
def test_the_receipt_of_another_run_is_refused(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(RunFieldDiffers) as refused:
        check(receipt(**changes))
    assert refused.value.code == code


def test_an_answer_without_the_askers_nonce_is_not_judged() -> None:
    with pytest.raises(RunFieldMissing):
        check(receipt(client_nonce=None))


def test_the_terms_must_be_those_of_the_run_and_of_the_owner() -> None:
    later = receipt(room=dataclasses.replace(paid.ROOM, serial=4))
    with pytest.raises(RunFieldDiffers) as refused:
        check(HONEST | {"room_envelope": later["room_envelope"]})
    assert refused.value.code == "manifest_hash_differs"
    elsewhere = receipt(room=dataclasses.replace(paid.ROOM, room_id="room_bbbbbbbbbbbb"))
    with pytest.raises(OtherRoom):
        check(HONEST | {"room_envelope": elsewhere["room_envelope"]})
    carols = receipt(room=dataclasses.replace(paid.ROOM, owner_pubkey_b64=paid.CAROL.public_b64), owner=paid.CAROL)
    with pytest.raises(SignerIsNotLinkKey):
        check(carols)
    with pytest.raises(RoomEnvelopeMissing):
        check(HONEST | {"room_envelope": None})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("output_visibility", "owner_and_querier"),
        ("allowed_llm_providers", ["openrouter", "other"]),
        ("artifacts_enabled", False),
        ("scope_agent_id", "scope-2"),
        ("mediator_agent_id", ""),
        ("query_agent_id", "query-2"),
        ("query_inspection_mode", "full"),
        ("provider", "other"),
    ],
)
def test_a_run_that_left_its_terms_is_refused(field: str, value: Any) -> None:
    with pytest.raises(RoomContradicted) as refused:
        check(resigned(HONEST, lambda body: body.update({field: value})))
    assert refused.value.field == field


@pytest.mark.parametrize("key", ["agent_id", "source_sha256", "image_id"])
def test_other_agents_than_the_owner_signed_are_refused(key: str) -> None:
    with pytest.raises(RunFieldDiffers):
        check(resigned(HONEST, lambda body: body["agents"][1].update({key: "0" * 64})))


def test_files_must_be_all_of_them_and_no_others() -> None:
    first, second = paid.GIVEN
    with pytest.raises(ArtifactDiffers, match=r"chart\.svg"):
        check(HONEST, known(artifacts=(dataclasses.replace(first, sha256="0" * 64), second)))
    with pytest.raises(ArtifactDiffers):
        check(HONEST, known(artifacts=(dataclasses.replace(first, size_bytes=1), second)))
    with pytest.raises(ArtifactUnknown, match=r"more\.txt"):
        check(HONEST, known(artifacts=(first, second, RunArtifact("more.txt", 0, "0" * 64))))
    with pytest.raises(ArtifactMissing):
        check(HONEST, known(artifacts=(first,)))
    with pytest.raises(ArtifactUnknown):
        check(HONEST, known(artifacts=(first, first, second)))
    named = receipt(artifacts=paid.GIVEN)
    assert "artifacts" not in check(named).not_checked


def test_a_development_signer_is_told_apart() -> None:
    with pytest.raises(DevelopmentSignerOnly):
        check(HONEST, known(accept_development=False))
    pinned = check(HONEST, known(accept_development=False, signer_pubkey_b64=paid.SIGNER.public_b64))
    assert "run signer" not in pinned.not_checked
    assert pinned.development
    with pytest.raises(RunSignerDiffers):
        check(HONEST, known(signer_pubkey_b64=paid.CAROL.public_b64))
    with pytest.raises(ReceiptInconsistent):
        check(receipt(signer_kind="dstack"))


def test_evidence_cannot_be_exchanged_or_taken_away() -> None:
    foreign = paid.DEVELOPMENT | {"hivemind_version": "0.0.1"}
    with pytest.raises(EvidenceDiffers):
        check(HONEST | {"evidence": foreign})
    with pytest.raises(RunSignerUnknown):
        check(HONEST | {"evidence": None})
    without = check(HONEST | {"evidence": None}, known(signer_pubkey_b64=paid.SIGNER.public_b64))
    assert "evidence" in without.not_checked
    with pytest.raises(RunSignerUnknown):
        check(receipt(evidence={"ready": False, "reason": "starting", "hivemind_version": "1"}))


def test_bytes_that_two_readers_could_read_differently_are_no_receipt() -> None:
    text = ROOM_V1.encode(HONEST)
    for given in (text, text + b"\n"):
        assert check(parse_receipt(given)).body == HONEST["record"]["body"]
    for bad in (
        b"",
        b"\xff",
        b"NaN",
        text[:-1],
        text.replace(b"{", b'{"evidence":null,', 1),
        b" " * MAX_RECEIPT_BYTES + text,
    ):
        with pytest.raises(ReceiptMalformed):
            parse_receipt(bad)
