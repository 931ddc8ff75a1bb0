"""hmctl with one check taken out: the case about that check finds it out. This is what the harness is for."""

import importlib
import pkgutil
from pathlib import Path
from typing import Any

import pytest

import attestation
import hmctl
from tests.conformance import catalogue, in_process
from tests.conformance.hmctl_adapter import Hmctl
from tests.conformance.play import play

# The check that is taken out, with the one that stands behind it, and the case that must fail then.
WEAKENED = {
    "attestation.envelope.check_signature": "room/signature-altered",
    "attestation.evidence.identity._refuse_second_reading": "log/name-with-a-colon",
    "attestation.evidence.report_data.check_session": "binding/replayed",
    "attestation.evidence.verifier._refuse_false_claims": "binding/claims-other-build",
    "attestation.policy.key_root.KeyRootPolicy.verify": "identity/chain-hidden",
    "attestation.policy.os_image.OsImagePolicy.verify": "build/other-os-image-rtmr1",
    "attestation.policy.tcb.TcbPolicy.verify": "statements/firmware-outofdate",
    "attestation.receipt.check_consistency": "receipt/cost-beyond-reason",
    "attestation.verifier._check_agent": "answer/other-source-stated",
    "attestation.verifier.check_trust": "room/allowed-build-claimed",
    "hmctl.client.channel.Channel.meet": "channel/certificate-switched",
    "hmctl.rooms.opening._check_copies": "room/unsigned-manifest-beside-the-signed-one-before-a-question",
    "hmctl.rooms.opening._check_not_older hmctl.trust.known_rooms._must_follow": "room/second-version-of-a-serial",
    "hmctl.rooms.revocations.refuse_ended": "revocation/brought-back",
    "hmctl.runs.paying._check_minted": "payment/token-with-another-limit",
    "hmctl.commands.receipt.verify.check_notes": "receipt/other-question",
    "hmctl.runs.records._check_cost": "answer/cost-changed",
    "hmctl.trust.approving.Approvals.require": "build/changed",
    "hmctl.trust.consent.require_accepted": "room/new-terms-nobody-accepted",
    "hmctl.trust.pin_guard.PinGuard.check": "pin/hidden",
}


@pytest.fixture(autouse=True, scope="module")
def whole_client() -> None:
    """Loads every module first: one that is loaded while a check is out would keep the hole."""
    for package in (attestation, hmctl):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.startswith(("attestation.server", "attestation.__main__", "hmctl.__main__")):
                importlib.import_module(module.name)


def _nothing(*_: Any, **__: Any) -> Any:
    return []


@pytest.mark.parametrize("check", WEAKENED)
def test_a_client_without_this_check_is_found_out(check: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = next(case for case in catalogue.everything() if case.name == WEAKENED[check])
    for name in check.split():
        monkeypatch.setattr(name, _nothing)

    result = play(case, Hmctl(in_process.run), folder=tmp_path)

    assert result.problems
