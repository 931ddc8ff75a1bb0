"""Lies in the hardware maker's statements: altered, forged, stale, of another machine, or bad news about it."""

import dataclasses
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from attestation.evidence.collateral import Collateral
from attestation.evidence.development import statements as minting
from attestation.evidence.development.authority import sign_raw
from attestation.evidence.development.statements import MachineState
from tests.conformance import actions as do
from tests.conformance import machine as machines
from tests.conformance.case import Case, Expect
from tests.conformance.machine import DAY, authority
from tests.conformance.network import Reply
from tests.conformance.setting import DEVELOPMENT, HARDWARE, Setting
from tests.conformance.world import FORGER, MAKER, World

_ASK = do.ask(by="link")
_FORGED = Expect(4, "collateral signature", "collateral_forged")
_CHAIN = Expect(4, "certificate chains", "chain_invalid")
_FORM = Expect(4, "collateral form", "collateral_malformed")
_REVOKED = Expect(4, "revocation", "machine_revoked")
# The nine statements, and what one changed bit in each must lead to.
MEMBERS: dict[str, Expect] = {
    "pck_crl_issuer_chain": _CHAIN,
    "root_ca_crl": _FORGED,
    "pck_crl": _FORGED,
    "tcb_info_issuer_chain": _CHAIN,
    "tcb_info": _FORGED,
    "tcb_info_signature": _FORGED,
    "qe_identity_issuer_chain": _CHAIN,
    "qe_identity": _FORGED,
    "qe_identity_signature": _FORGED,
}


def _case(
    name: str,
    lie: str,
    change: Callable[[Collateral], Collateral],
    expect: Expect,
    *,
    setting: Setting = HARDWARE,
) -> Case:
    def tell(world: World) -> None:
        world.service.change("collateral", change)

    return Case(name=f"statements/{name}", lie=lie, tell=tell, action=_ASK, expect=expect, setting=setting)


def _altered(member: str) -> Callable[[Collateral], Collateral]:
    def change(collateral: Collateral) -> Collateral:
        value = getattr(collateral, member)
        if isinstance(value, bytes):
            place = len(value) // 2 if member.endswith("signature") else len(value) - 5
            flipped = value[:place] + bytes([value[place] ^ 1]) + value[place + 1 :]
            return dataclasses.replace(collateral, **{member: flipped})
        if member.endswith("chain"):
            return dataclasses.replace(collateral, **{member: _other_certificate_bit(value)})
        number = re.sub(r'("tcbEvaluationDataNumber":)1', r"\g<1>2", value)
        return dataclasses.replace(collateral, **{member: number})

    return change


def _other_certificate_bit(chain: str) -> str:
    lines = chain.split("\n")
    place = next(index for index, line in enumerate(lines) if line.startswith("-----END")) - 2
    line = lines[place]
    lines[place] = line[:20] + ("A" if line[20] != "A" else "B") + line[21:]
    return "\n".join(lines)


def _state(**changes: object) -> Callable[[Collateral], Collateral]:
    state = MachineState(**changes)  # type: ignore[arg-type]
    return lambda _: machines.statements(MAKER, state=state)


def _stolen(member: str) -> Callable[[Collateral], Collateral]:
    """One statement of another maker, signed by that one."""
    return lambda mine: dataclasses.replace(mine, **{member: getattr(machines.statements(FORGER), member)})


def _dates() -> tuple[datetime, datetime]:
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    return start, start + timedelta(days=7)


def _platform_revoked(collateral: Collateral) -> Collateral:
    maker = authority(MAKER)
    listed = minting._revocation_list(maker.root, *_dates(), revoked=[maker.platform.certificate])
    return dataclasses.replace(collateral, root_ca_crl=listed)


def _statement_signer_revoked(collateral: Collateral) -> Collateral:
    maker = authority(MAKER)
    listed = minting._revocation_list(maker.root, *_dates(), revoked=[maker.statements.certificate])
    return dataclasses.replace(collateral, root_ca_crl=listed)


def _resigned(change: Callable[[dict[str, object]], object]) -> Callable[[Collateral], Collateral]:
    """The maker itself states something else about the firmware."""

    def changed(collateral: Collateral) -> Collateral:
        told = json.loads(collateral.tcb_info)
        change(told)
        text = json.dumps(told, separators=(",", ":"))
        signature = sign_raw(authority(MAKER).statements.key, text.encode())
        return dataclasses.replace(collateral, tcb_info=text, tcb_info_signature=signature)

    return changed


def _unlisted(told: dict[str, object]) -> None:
    told["tcbLevels"][0]["tcb"]["pcesvn"] = 5  # type: ignore[index]


def _text(name: str, lie: str, change: Callable[[str], str], expect: Expect) -> Case:
    def tell(world: World) -> None:
        world.service.change("collateral text", change)

    return Case(name=f"statements/{name}", lie=lie, tell=tell, action=_ASK, expect=expect)


def _silent_cache(world: World) -> None:
    world.cache_answers = lambda asked: Reply({"detail": "try later"}, 503)


ALTERED = [
    _case(f"bit-in-{member.replace('_', '-')}", f"one bit of {member} is flipped", _altered(member), expect)
    for member, expect in MEMBERS.items()
]
SWAPPED = [
    _case("all-of-a-forger", "all statements come from a forger's root", lambda _: machines.statements(FORGER), _CHAIN),
    _case("tcb-signature-of-a-forger", "a forger signed the firmware list", _stolen("tcb_info_signature"), _FORGED),
    _case("revocation-list-of-a-forger", "a forger signed the list of revoked machines", _stolen("pck_crl"), _FORGED),
    _case(
        "firmware-signers-of-a-forger",
        "the certificates of the firmware list's signer are a forger's",
        _stolen("tcb_info_issuer_chain"),
        _CHAIN,
    ),
]
STATES = [
    _case("machine-revoked", "the machine's certificate was revoked", _state(certificate_revoked=True), _REVOKED),
    _case("platform-revoked", "the authority above the machine was revoked", _platform_revoked, _REVOKED),
    _case("signer-revoked", "the signer of the statements was revoked", _statement_signer_revoked, _REVOKED),
    _case("firmware-revoked", "the firmware level was revoked", _state(tcb_status="Revoked"), _REVOKED),
    *[
        _case(
            f"firmware-{status.lower()}",
            f"the maker calls the firmware {status}",
            _state(tcb_status=status, advisory_ids=("INTEL-SA-00001",)),
            Expect(4, "tcb status", "tcb_status_refused"),
        )
        for status in ("OutOfDate", "OutOfDateConfigurationNeeded", "ConfigurationNeeded", "SWHardeningNeeded")
    ],
    _case(
        "firmware-not-listed",
        "the firmware is older than every level that the maker lists",
        _resigned(_unlisted),
        Expect(4, "tcb status", "tcb_level_unknown"),
    ),
    _case(
        "of-another-machine",
        "the statements are about another kind of processor",
        _resigned(lambda told: told.update(fmspc="00906ED50000")),
        Expect(4, "collateral validity", "collateral_for_other_machine"),
    ),
    _case(
        "expired",
        "the statements expired yesterday",
        lambda _: machines.statements(MAKER, age_seconds=8 * DAY, valid_seconds=7 * DAY),
        Expect(4, "collateral validity", "collateral_expired"),
    ),
    _case(
        "of-tomorrow",
        "the statements begin tomorrow",
        lambda _: machines.statements(MAKER, age_seconds=-2 * DAY),
        Expect(4, "collateral validity", "collateral_not_yet_valid"),
    ),
    _case(
        "development-expired",
        "the statements of a development machine expired",
        lambda mine: machines.statements("development", age_seconds=8 * DAY, valid_seconds=7 * DAY),
        Expect(4, "collateral validity", "collateral_expired"),
        setting=DEVELOPMENT,
    ),
    _case(
        "edition-too-old",
        "the statements are from an older edition than the user demands",
        lambda mine: mine,
        Expect(4, "evaluation number", "evaluation_number_too_low"),
        setting=Setting(demands={"tcb": {"minimum_evaluation_number": 2}}),
    ),
    _case(
        "advisory-refused",
        "the machine has a weakness that the user does not accept",
        _state(advisory_ids=("INTEL-SA-00002",)),
        Expect(4, "advisories", "advisory_refused"),
        setting=Setting(demands={"tcb": {"refused_advisories": ["INTEL-SA-00002"]}}),
    ),
]
FORMS = [
    _text("not-json", "the statements are not JSON", lambda text: text[:-2], _FORM),
    _text(
        "member-missing",
        "one statement is missing",
        lambda text: _without(text, "qe_identity"),
        _FORM,
    ),
    _text(
        "member-twice",
        "one statement is there twice",
        lambda text: '{"tcb_info":"",' + text[1:],
        _FORM,
    ),
    Case(
        name="statements/none-to-be-had",
        lie="nobody hands out the statements",
        tell=_silent_cache,
        action=_ASK,
        setting=Setting(statements="cache service"),
        expect=Expect(4, "collateral", "collateral_unavailable"),
    ),
    _case(
        "forged-by-the-cache",
        "the service that caches statements forges one",
        _altered("tcb_info"),
        _FORGED,
        setting=Setting(statements="cache service"),
    ),
    _case(
        "outdated-by-the-cache",
        "the service that caches statements hands out old ones",
        lambda _: machines.statements(MAKER, age_seconds=8 * DAY, valid_seconds=7 * DAY),
        Expect(4, "collateral validity", "collateral_expired"),
        setting=Setting(statements="cache service"),
    ),
]
CASES = (*ALTERED, *SWAPPED, *STATES, *FORMS)


def _without(text: str, member: str) -> str:
    return json.dumps({name: value for name, value in json.loads(text).items() if name != member})
