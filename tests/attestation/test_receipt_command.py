"""`python -m attestation receipt verify`: what Bob does with a file and no service."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from attestation.__main__ import BAD, NOT_CHECKED, VERIFIED, main
from attestation.canonical import ROOM_V1
from attestation.encoding import b64
from attestation.receipt import OWNER
from tests.attestation import invented, paid

NO_NETWORK = """
import socket, sys
def refuse(*arguments, **named):
    raise AssertionError("a connection was opened")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
sys.argv[0] = "attestation"
from attestation.__main__ import main
code = main(sys.argv[1:])
loaded = [name for name in ("django", "httpx", "requests", "celery", "hivemind") if name in sys.modules]
print(loaded, file=sys.stderr)
sys.exit(code)
"""


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    root = invented.authority().root.certificate.public_bytes(Encoding.DER)
    machine = paid.of_a_machine()
    contents = {
        "receipt": ROOM_V1.encode(paid.receipt()),
        "machine": ROOM_V1.encode(machine),
        "shown": ROOM_V1.encode(showing(root)),
        "bare": ROOM_V1.encode(machine | {"collateral": None}),
        "collateral": invented.collateral().to_json().encode(),
        "root": root,
        "answer": paid.ANSWER.encode() + b"\n",
        "prompt": paid.PROMPT.encode(),
        "other": b"another text",
        "junk": b"\xffjunk",
    }
    for name, data in contents.items():
        (tmp_path / name).write_bytes(data)
    folder = tmp_path / "artifacts"
    folder.mkdir()
    for name, data in paid.FILES.items():
        (folder / name).write_bytes(data)
    return {name: str(tmp_path / name) for name in [*contents, "artifacts", "absent"]}


def showing(root: bytes) -> dict[str, Any]:
    """A machine whose service hands its development root out."""
    bundle = paid.of_a_machine()["evidence"] | {"development": {"root_ca_der_b64": b64(root)}}
    return paid.of_a_machine(bundle=bundle)


def everything(files: dict[str, str]) -> list[str]:
    owner = ["--owner-key", paid.ALICE.public_b64, "--run", paid.RUN_ID, "--nonce", paid.NONCE]
    texts = ["--answer", files["answer"], "--prompt", files["prompt"], "--artifacts", files["artifacts"]]
    return [*owner, *texts, "--accept-development"]


def run(files: dict[str, str], name: str, *more: str) -> int:
    return main(["receipt", "verify", files[name], "--at", str(invented.AT + 10), *more])


def test_every_check_is_printed_by_name(files: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(files, "receipt", *everything(files)) == VERIFIED
    printed = capsys.readouterr().out
    for name in ("record signature", "consistency", "room: room_aaaaaaaaaaaa", "owner key", "prompt", "answer"):
        assert f"verified     {name}" in printed
    assert "verified     artifacts: 2 files" in printed
    assert "not checked  run signer: development signer: proves nothing about hardware" in printed


def test_the_short_form_is_the_same(files: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", files["receipt"], *everything(files)]) == VERIFIED
    assert "verified     answer" in capsys.readouterr().out


def test_a_development_signer_must_be_accepted(files: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(files, "receipt") == NOT_CHECKED
    assert "could not check  run signer" in capsys.readouterr().out
    assert run(files, "receipt", "--signer-key", paid.SIGNER.public_b64) == VERIFIED
    assert run(files, "receipt", "--signer-key", paid.CAROL.public_b64) == BAD


@pytest.mark.parametrize(
    "wrong",
    [
        ("--answer", "other"),
        ("--prompt", "other"),
        ("--artifacts", "empty"),
    ],
)
def test_other_texts_and_files_are_refused(
    wrong: tuple[str, str], files: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    (Path(files["artifacts"]) / "more.txt").write_text("more")
    given = files["artifacts"] if wrong[1] == "empty" else files[wrong[1]]
    assert run(files, "receipt", "--accept-development", wrong[0], given) == BAD
    assert capsys.readouterr().out.startswith("refused  ")


def test_other_keys_and_runs_are_refused(files: dict[str, str]) -> None:
    for name, value in (("--owner-key", paid.CAROL.public_b64), ("--run", "0" * 12), ("--nonce", "0" * 64)):
        assert run(files, "receipt", "--accept-development", name, value) == BAD


def test_a_folder_inside_the_folder_is_not_passed_over(files: dict[str, str]) -> None:
    (Path(files["artifacts"]) / "inner").mkdir()
    assert run(files, "receipt", *everything(files)) == BAD


def test_what_is_missing_or_unreadable_could_not_be_checked(files: dict[str, str]) -> None:
    assert run(files, "absent") == NOT_CHECKED
    assert run(files, "receipt", "--accept-development", "--answer", files["junk"]) == NOT_CHECKED
    (Path(files["artifacts"]) / "table.csv").unlink()
    assert run(files, "receipt", *everything(files)) == NOT_CHECKED
    assert run(files, "junk") == BAD


def test_a_machines_receipt_is_judged_under_the_root_that_was_given(files: dict[str, str]) -> None:
    assert run(files, "machine") == BAD  # Intel did not make this machine
    assert run(files, "machine", "--accept-development") == BAD
    assert run(files, "machine", "--root-ca", files["root"]) == VERIFIED
    assert run(files, "bare", "--root-ca", files["root"]) == NOT_CHECKED
    assert run(files, "bare", "--root-ca", files["root"], "--collateral", files["collateral"]) == VERIFIED
    late = ["--root-ca", files["root"], "--at", str(invented.AT + invented.VALID_SECONDS + 1)]
    assert main(["receipt", "verify", files["machine"], *late]) == NOT_CHECKED


def test_the_root_that_a_machine_shows_must_be_accepted(files: dict[str, str]) -> None:
    assert run(files, "shown") == NOT_CHECKED
    assert run(files, "shown", "--accept-development") == VERIFIED


def test_programs_get_one_document(files: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(files, "receipt", "--json", *everything(files)) == VERIFIED
    told = json.loads(capsys.readouterr().out)
    assert told["verdict"] == "verified"
    assert told["body"] == paid.receipt()["record"]["body"]
    assert {"name": "answer", "outcome": "verified", "detail": ""} in told["checks"]
    assert run(files, "receipt", "--json", "--owner-key", paid.CAROL.public_b64, "--accept-development") == BAD
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "signer_is_not_link_key"
    assert run(files, "receipt", "--json") == NOT_CHECKED
    assert json.loads(capsys.readouterr().out)["verdict"] == "could_not_check"


def test_no_connection_is_opened_and_no_server_loaded(files: dict[str, str]) -> None:
    arguments = ["receipt", "verify", files["receipt"], *everything(files)]
    done = subprocess.run(
        [sys.executable, "-c", NO_NETWORK, *arguments], check=False, capture_output=True, text=True, env={"PATH": ""}
    )
    assert (done.returncode, done.stderr.strip()) == (VERIFIED, "[]"), done.stdout + done.stderr


def test_a_text_of_a_receipt_cannot_pass_for_a_verdict(
    files: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Carol signs a receipt of her own; its room is called like a line of the verdict."""
    forged = f"room\nverified     {OWNER}\r\x1b[2Kverified     {OWNER}"
    room = replace(paid.ROOM, room_id=forged)
    path = tmp_path / "forged"
    path.write_bytes(ROOM_V1.encode(paid.receipt(room=room, room_id=forged)))

    assert main(["verify", str(path), "--accept-development"]) == VERIFIED

    told = capsys.readouterr().out
    assert "\x1b" not in told and "\r" not in told
    assert [line for line in told.splitlines() if OWNER in line and line.startswith("verified")] == [
        line for line in told.splitlines() if line.startswith("verified     room")
    ]
    assert f"not checked  {OWNER}" in told
