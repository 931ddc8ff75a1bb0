"""What real machines signed. Every byte of it counts, and only at its time."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from attestation.errors import VerificationError
from attestation.evidence import errors
from attestation.evidence.collateral import Collateral, parse_collateral
from attestation.evidence.compose_hash import ComposeSource, prove_compose_hash
from attestation.evidence.dcap import verify_quote
from attestation.evidence.event_log import check_event_log, parse_event_log
from attestation.evidence.identity import KeyProviderKind, read_boot_facts
from attestation.evidence.platform import TcbStatus, VerifiedQuote
from attestation.evidence.quote import read_quote
from attestation.evidence.quote_parts import read_parts
from attestation.evidence.roots import IntelRoot
from attestation.policy.tcb import TcbPolicy
from tests.attestation import genuine

CASES = json.loads((Path(__file__).parents[1] / "vectors" / "tdx_samples.json").read_text())["cases"]
UP_TO_DATE = TcbPolicy(allowed_statuses=frozenset({TcbStatus.UP_TO_DATE}), minimum_evaluation_number=17)


def verified(quote: bytes, collateral: Collateral, at: int = genuine.VALID_AT) -> VerifiedQuote:
    return verify_quote(quote, collateral=collateral, at=at, roots=IntelRoot(), policy=UP_TO_DATE)


def quote_in(name: str, length: int) -> bytes:
    data = genuine.sample(name)
    if name.endswith(".json"):
        return bytes.fromhex(json.loads(data)["quote"])
    return data[4 : 4 + length] if name.endswith(".bin") else data


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_known_quotes_are_judged_as_written_down(case: dict[str, Any]) -> None:
    quote = quote_in(case["quote"], case["quote_length"])
    collateral = parse_collateral(genuine.sample(case["collateral"])).without_pck_chain()
    assert hashlib.sha256(quote).hexdigest() == case["quote_sha256"]
    if not case["library"]["ok"]:
        with pytest.raises((errors.TcbLevelUnknown, errors.CollateralExpired)):
            verified(quote, collateral, case["at"])
        return
    body = verified(quote, collateral, case["at"]).body
    assert body.version == case["version"]
    assert body.mr_config_id.hex() == case["mr_config_id_hex"]
    assert body.report_data.hex() == case["report_data_hex"]


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        (1750329146, errors.CollateralNotYetValid),
        (1750329147, None),
        (1752919234, None),
        (1752919235, errors.CollateralExpired),
        (1800000000, errors.CollateralExpired),
    ],
)
def test_a_genuine_quote_verifies_in_its_time_only(at: int, reason: type[VerificationError] | None) -> None:
    quote, collateral = genuine.quote(), genuine.collateral()
    if reason is None:
        proven = verified(quote, collateral, at)
        assert not proven.development
        assert (proven.tcb_status, proven.evaluation_number) == (TcbStatus.UP_TO_DATE, 17)
        return
    with pytest.raises(reason):
        verified(quote, collateral, at)


def test_collateral_of_another_processor_is_no_verdict() -> None:
    other = parse_collateral(genuine.sample("tdx_quote_outdated_collateral.json"))
    with pytest.raises(errors.CollateralForOtherMachine):
        verified(genuine.quote(), other, 1774003274)


def test_bytes_behind_a_genuine_quote_are_refused_unless_they_are_padding() -> None:
    quote, collateral = genuine.quote(), genuine.collateral()
    assert verified(quote + b"\0" * 8, collateral) == verified(quote, collateral)
    assert verified(quote.rstrip(b"\0") + b"\0", collateral) == verified(quote, collateral)
    for tail in (b"\1", b"\0\0\1", quote):
        with pytest.raises(errors.QuoteMalformed):
            verified(quote + tail, collateral)


def test_a_genuine_log_leads_to_all_registers_and_names_the_build() -> None:
    answer = genuine.answer("quote-report.json")
    collateral = parse_collateral(genuine.sample("tdx_quote_outdated_collateral.json"))
    body = verified(bytes.fromhex(answer["quote"]), collateral, 1774003274).body
    log = check_event_log(parse_event_log(answer["event_log"]), body=body)
    facts = read_boot_facts(log)
    assert log.registers == {0, 1, 2, 3}
    assert facts.compose_hash.startswith(facts.app_id)
    assert facts.key_provider is not None
    assert facts.key_provider.kind is KeyProviderKind.LOCAL
    proven = prove_compose_hash(body.mr_config_id, facts=facts)
    assert (proven.value, proven.sources) == (facts.compose_hash, (ComposeSource.RUNTIME_REGISTER,))


def test_a_genuine_log_without_runtime_digests_is_recomputed() -> None:
    answer = genuine.answer("tdx-lite-getquote.json")
    body = read_parts(bytes.fromhex(answer["quote"])).body
    log = check_event_log(parse_event_log(answer["event_log"]), body=body)
    facts = read_boot_facts(log)
    assert log.registers == {0, 1, 2, 3}
    assert facts.os_image_hash is not None
    proven = prove_compose_hash(body.mr_config_id, facts=facts)
    assert proven.sources == (ComposeSource.CONFIG_ID, ComposeSource.RUNTIME_REGISTER)


def test_every_changed_event_of_a_genuine_log_is_noticed() -> None:
    answer = genuine.answer("quote-report.json")
    body, events = read_quote(bytes.fromhex(answer["quote"])), json.loads(answer["event_log"])
    for index in range(len(events)):
        for left in (events[:index] + events[index + 1 :], [*events, events[index]]):
            with pytest.raises(errors.EventLogDiffers):
                check_event_log(parse_event_log(json.dumps(left)), body=body)


def test_the_register_of_a_genuine_machine_without_events_matches_no_invented_one() -> None:
    answer = genuine.answer("quote-report.json")
    body = read_quote(genuine.quote())
    with pytest.raises(errors.EventLogDiffers):
        check_event_log(parse_event_log(answer["event_log"]), body=body)
    with pytest.raises(errors.EventLogSilent):
        read_boot_facts(check_event_log((), body=body))
