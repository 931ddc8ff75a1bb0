import json
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from attestation.__main__ import BAD, NOT_CHECKED, VERIFIED, main
from attestation.evidence.development.statements import MachineState
from tests.attestation import genuine, invented


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    root = invented.authority().root.certificate.public_bytes(Encoding.DER)
    contents = {
        "quote": invented.quote(),
        "hex": invented.quote().hex().encode() + b"\n",
        "collateral": invented.collateral().to_json().encode(),
        "outdated": invented.collateral(MachineState(tcb_status="OutOfDate")).to_json().encode(),
        "root": root,
        "log": invented.EVENT_LOG.encode(),
        "junk": b"\xffjunk",
    }
    for name, data in contents.items():
        (tmp_path / name).write_bytes(data)
    return {name: str(tmp_path / name) for name in [*contents, "absent"]}


def run(
    files: dict[str, str], *, quote: str = "quote", collateral: str = "collateral", more: tuple[str, ...] = ()
) -> int:
    given = ["quote", "verify", files[quote], "--collateral", files[collateral], "--at", str(invented.AT)]
    return main([*given, "--root-ca", files["root"], *more])


def test_every_check_is_printed_by_name(files: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(files, more=("--event-log", files["log"])) == VERIFIED
    printed = capsys.readouterr().out
    for name in ("quote signature", "revocation", "tcb status: UpToDate", "event log: registers 3", "compose hash"):
        assert f"verified     {name}" in printed
    assert f"{invented.COMPOSE} from configuration id, runtime register" in printed
    assert "development root, which proves nothing about hardware" in printed
    assert "not checked  os image" in printed


def test_hex_text_is_as_good_as_bytes(files: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(files, quote="hex") == VERIFIED
    assert "not checked  event log: none was given" in capsys.readouterr().out


def test_what_was_checked_and_is_bad_exits_with_1(files: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(files, quote="junk") == BAD
    assert "refused  quote layout" in capsys.readouterr().out
    assert run(files, collateral="outdated") == BAD
    assert "OutOfDate. [tcb_status_refused]" in capsys.readouterr().out
    assert run(files, more=("--event-log", files["junk"])) == BAD
    assert (
        main(["quote", "verify", files["quote"], "--collateral", files["collateral"], "--at", str(invented.AT)]) == BAD
    )


def test_a_status_can_be_allowed(files: dict[str, str]) -> None:
    assert run(files, collateral="outdated", more=("--allow-status", "OutOfDate")) == VERIFIED


@pytest.mark.parametrize("name", ["quote", "collateral"])
def test_what_is_not_there_could_not_be_checked(
    name: str, files: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(files, **{name: "absent"}) == NOT_CHECKED  # type: ignore[arg-type]
    assert "could not check" in capsys.readouterr().err


def test_missing_or_expired_statements_exit_with_2(files: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(files, collateral="junk") == NOT_CHECKED
    assert run(files, more=("--at", str(invented.AT + invented.VALID_SECONDS))) == NOT_CHECKED
    assert "could not check  collateral validity" in capsys.readouterr().out
    assert run(files | {"root": files["junk"]}) == NOT_CHECKED


def test_a_machines_chain_can_be_left_out(files: dict[str, str]) -> None:
    carol = invented.authority(b"c" * 32)
    foreign = carol.machine.pem + carol.platform.pem + carol.root.pem
    told = json.loads(invented.collateral().to_json()) | {"pck_certificate_chain": foreign}
    Path(files["collateral"]).write_text(json.dumps(told))
    assert run(files) == BAD
    assert run(files, more=("--drop-pck-chain",)) == VERIFIED


def test_a_genuine_quote_needs_no_root(tmp_path: Path) -> None:
    quote, collateral = tmp_path / "quote", tmp_path / "collateral"
    quote.write_bytes(genuine.quote())
    collateral.write_bytes(genuine.sample("tdx_quote_collateral.json"))
    given = ["quote", "verify", str(quote), "--collateral", str(collateral)]
    assert main([*given, "--at", str(genuine.VALID_AT)]) == VERIFIED
    assert main(given) == NOT_CHECKED


def test_the_command_starts_without_the_server() -> None:
    code = "import sys, attestation.__main__; print([n for n in ('django', 'celery', 'dcap_qvl') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
