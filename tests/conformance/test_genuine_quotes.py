"""Evidence of real machines, as anybody can check it from the command line: good at its time, refused at others."""

from pathlib import Path

import pytest

from attestation.__main__ import BAD, NOT_CHECKED, VERIFIED, main
from tests.attestation import genuine

AT = genuine.VALID_AT
REPORT_AT = 1_774_003_274


def _verify(folder: Path, quote: bytes, collateral: str, at: int, *more: str) -> int:
    path = folder / "quote"
    path.write_bytes(quote)
    statements = folder / "collateral.json"
    statements.write_bytes(genuine.sample(collateral))
    return main(["quote", "verify", str(path), "--collateral", str(statements), "--at", str(at), *more])


def test_a_genuine_quote_verifies_at_its_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _verify(tmp_path, genuine.quote(), "tdx_quote_collateral.json", AT) == VERIFIED
    assert "UpToDate" in capsys.readouterr().out


@pytest.mark.parametrize("at", [1_750_329_146, 1_752_919_236, AT + 365 * 86_400])
def test_a_genuine_quote_is_refused_at_other_times(at: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _verify(tmp_path, genuine.quote(), "tdx_quote_collateral.json", at) == NOT_CHECKED
    assert "collateral validity" in capsys.readouterr().out


@pytest.mark.parametrize("place", [28, 60, 200, 400, 500, 600, 640, 720, 900, 1180, 1230])
def test_a_genuine_quote_with_one_flipped_bit_is_refused(place: int, tmp_path: Path) -> None:
    quote = bytearray(genuine.quote())
    quote[place] ^= 1

    assert _verify(tmp_path, bytes(quote), "tdx_quote_collateral.json", AT) == BAD


def test_an_outdated_machine_never_verifies(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    quote = genuine.sample("tdx_quote_outdated")

    assert _verify(tmp_path, quote, "tdx_quote_outdated_collateral.json", REPORT_AT) == BAD
    assert "tcb status" in capsys.readouterr().out


def test_statements_of_another_machine_say_nothing(tmp_path: Path) -> None:
    collateral = "tdx_quote_outdated_collateral.json"

    assert _verify(tmp_path, genuine.quote(), collateral, REPORT_AT, "--drop-pck-chain") in (BAD, NOT_CHECKED)


def test_the_event_log_of_a_real_machine_leads_to_its_quote(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answer = genuine.answer("quote-report.json")
    log = tmp_path / "log.json"
    log.write_text(answer["event_log"])
    collateral, quote = "tdx_quote_outdated_collateral.json", bytes.fromhex(answer["quote"])
    more = ("--drop-pck-chain", "--event-log", str(log))

    assert _verify(tmp_path, quote, collateral, REPORT_AT, *more) == VERIFIED
    assert "verified     event log" in capsys.readouterr().out
    log.write_text(answer["event_log"].replace('"compose-hash"', '"compose-hush"'))
    assert _verify(tmp_path, quote, collateral, REPORT_AT, *more) == BAD
