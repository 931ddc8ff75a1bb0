"""What hardware evidence adds to a receipt, and how it can be missing, foreign or false."""

import dataclasses
import json

import pytest

from attestation.errors import ComposeNotAllowed, LiveComposeUnknown, RunFieldDiffers, RunSignerDiffers
from attestation.evidence import report_data
from attestation.evidence.errors import CollateralExpired, NonceNotBound
from attestation.manifests.room import TrustPolicy
from attestation.policy.errors import DevelopmentRefused
from attestation.receipts.errors import CollateralMissing, EvidenceDiffers, SignerNotBound
from tests.attestation import invented, paid
from tests.attestation.paid import check, known, of_a_machine

STRICT = known(accept_development=False)


def test_a_machines_receipt_needs_nobodys_word_for_the_signer() -> None:
    verdict = check(of_a_machine(), STRICT)
    assert verdict.evidence is not None
    assert {"run signer", "quote signature", "evidence"} & set(verdict.not_checked) == set()
    assert {"nonce", "tls channel"} <= set(verdict.not_checked)
    assert verdict.development  # the root is an invented one


def test_an_invented_root_must_be_asked_for() -> None:
    with pytest.raises(DevelopmentRefused):
        strict = dataclasses.replace(invented.IN_ORDER, allow_development=False)
        check(of_a_machine(), STRICT, policy=dataclasses.replace(paid.POLICY, platform=strict))


def test_a_quote_that_names_another_signer_is_refused() -> None:
    with pytest.raises(RunSignerDiffers):
        check(of_a_machine(signer=paid.CAROL), STRICT)


def test_a_quote_that_names_no_signer_leaves_the_question_open() -> None:
    quoted = report_data.build_v2(invented.VERSION, cert_sha256=invented.CERT)
    bundle = invented.bundle(invented.quote(quoted), report_data_version=2).to_wire()
    with pytest.raises(SignerNotBound):
        check(of_a_machine(bundle=bundle), STRICT)
    pinned = known(accept_development=False, signer_pubkey_b64=paid.SIGNER.public_b64)
    assert "run signer" not in check(of_a_machine(bundle=bundle), pinned).not_checked


def test_a_quote_that_claims_to_answer_is_held_to_it() -> None:
    quoted = report_data.build_v2(invented.VERSION, cert_sha256=invented.CERT)
    bundle = invented.bundle(invented.quote(quoted), report_data_version=3).to_wire()
    with pytest.raises(NonceNotBound):
        check(of_a_machine(bundle=bundle), STRICT)


def test_evidence_of_another_time_or_place_is_refused() -> None:
    with pytest.raises(EvidenceDiffers):
        check(of_a_machine() | {"evidence": invented.bundle().to_wire()}, STRICT)
    with pytest.raises(EvidenceDiffers):
        check(of_a_machine() | {"evidence": paid.DEVELOPMENT}, STRICT)


def test_a_machine_cannot_be_judged_without_its_makers_statements() -> None:
    with pytest.raises(CollateralMissing):
        check(of_a_machine() | {"collateral": None}, STRICT)
    with pytest.raises(CollateralExpired):
        check(of_a_machine(), STRICT, at=invented.AT + invented.VALID_SECONDS + 1)


def test_the_proven_build_must_be_the_signed_one() -> None:
    with pytest.raises(RunFieldDiffers) as refused:
        check(of_a_machine(compose_hash="0" * 64), STRICT)
    assert refused.value.code == "compose_hash_differs"


def test_a_room_that_allows_particular_builds_is_held_to_them() -> None:
    pinned = dataclasses.replace(paid.ROOM, trust=TrustPolicy("owner_approved", (invented.COMPOSE,)))
    assert "room trust" not in check(of_a_machine(room=pinned), STRICT).not_checked
    other = dataclasses.replace(paid.ROOM, trust=TrustPolicy("owner_approved", ("0" * 64,)))
    with pytest.raises(ComposeNotAllowed):
        check(of_a_machine(room=other), STRICT)
    with pytest.raises(LiveComposeUnknown):
        check(paid.receipt(room=pinned))


def test_the_statements_may_come_in_any_order() -> None:
    document = of_a_machine()
    reversed_ = dict(reversed(list(document["collateral"].items())))
    assert check(json.loads(json.dumps(document | {"collateral": reversed_})), STRICT).evidence is not None
