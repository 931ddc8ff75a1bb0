"""Which stream, which words, which JSON: errors included."""

import json

import pytest

from hmctl.io import one_line, visible
from hmctl.render import columns, units
from hmctl.secret import Secret
from tests.hmctl.http_service import Reply
from tests.hmctl.lying_service import LyingService
from tests.hmctl.shell import Shell


@pytest.mark.parametrize(
    ("arguments", "code", "exit_code"),
    [
        (["room", "list", "--json", "--limit", "zero"], "usage", 2),
        (["room", "ask", "--json"], "usage", 2),
        (["room", "inspect", "hmroom://x", "--json"], "bad_input", 1),
        (["room", "inspect", "room_unknown", "--json"], "http", 1),
        (["room", "revoke", "room_0123456789ab", "--json"], "declined", 1),
        (["--profile", "../x", "room", "list", "--json"], "profile", 1),
    ],
)
def test_errors_are_json_where_json_was_asked_for(
    arguments: list[str], code: str, exit_code: int, alice: Shell
) -> None:
    shown = alice(*arguments)

    problem = json.loads(shown.out)["error"]
    assert (problem["code"], problem["exit"], shown.code) == (code, exit_code, exit_code)
    assert set(problem) - {"check"} == {"code", "message", "hint", "exit"}


def test_human_errors_leave_stdout_empty(alice: Shell) -> None:
    shown = alice("room", "inspect", "room_unknown")

    assert shown.out == ""
    assert "error: 404: room room_unknown not found\n" in shown.err


def test_a_dash_dash_json_after_the_end_of_options_is_an_argument(alice: Shell) -> None:
    shown = alice("room", "inspect", "--", "--json")

    assert shown.out == ""
    assert "error: not a room id: '--json'\n" in shown.err


def test_verbose_names_calls_without_credentials(alice: Shell, service: LyingService) -> None:
    shown = alice("-v", "room", "list")

    assert ". GET /v1/rooms 200 " in shown.err
    assert service.alice not in shown.err


def test_what_a_service_says_cannot_steer_the_terminal(accepted: Shell, service: LyingService) -> None:
    service.finish_run = lambda row: {"status": "failed", "error": "\x1b]0;x\x07 red \x1b[31m", "output": None}

    shown = accepted("room", "ask", service.link(), "Q")

    assert shown.code == 4
    assert "\x1b" not in shown.err and "\x07" not in shown.err


def test_what_a_service_says_cannot_pass_for_a_line_of_the_client(alice: Shell, service: LyingService) -> None:
    forged = "no guest agent\n✓ verified: hardware\r\nerror: none\u2028✓ all is well"
    service.answer("GET", "/v1/attestation", {"ready": False, "reason": forged, "hivemind_version": "0.3.7"})

    for command in (["trust", "attest"], ["trust", "approve", "-y"], ["doctor"], ["-v", "room", "list"]):
        shown = alice(*command)
        lines = (shown.out + shown.err).splitlines()
        assert not [line for line in lines if line.startswith(("✓", "error: none"))], command


def test_a_state_or_an_id_of_a_service_cannot_either(accepted: Shell, service: LyingService) -> None:
    forged = "running\n✓ verified: the signed record fits\x1b[2K"
    service.answer("GET", "/v1/runs/.*", {"run_id": "0" * 12, "status": forged})
    told = accepted("room", "runs", "0" * 12, "--link", service.link())
    assert not [line for line in told.err.splitlines() if line.startswith("✓ verified")]
    assert "running ✓ verified" in told.err and "\x1b" not in told.err

    service.answer("POST", "/v1/room-agents", {"agent_id": "a\n✓ built", "run_id": "b" * 12, "status": "pending"})
    folder = accepted.home.parent / "agent"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM hivemind-agent-base\n")
    made = accepted("agents", "upload", str(folder), "--type", "query", "--json")
    assert json.loads(made.out)["error"]["code"] == "bad_answer", made.screen


def test_a_file_of_an_agent_is_printed_byte_for_byte(alice: Shell, service: LyingService) -> None:
    service.answer("GET", "/v1/room-agents/.*/files/.*", Reply("\u200ftext\x1b[0m without an end".encode()))

    assert alice("agents", "files", "aaaaaaaaaaaa", "agent.py").out == "\u200ftext\x1b[0m without an end"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("\x1b[2J", "\\x1b[2J"),
        ("a\rb", "a\\x0db"),
        ("a\r\nb", "a\nb"),
        ("\x9b1m", "\\x9b1m"),
        ("safe\u202ednuof", "safe\\u202ednuof"),
        ("a\u200bb\u2060c\ufeffd\xade", "a\\u200bb\\u2060c\\ufeffd\\xade"),
        ("\U000e0041\U000e0042\U000e0101\ufe00\u3164", "\\ue0041\\ue0042\\ue0101\\ufe00\\u3164"),
        ("\u06cc\u200c\u062e 👩\u200d🔬 ❤\ufe0f", "\u06cc\u200c\u062e 👩\u200d🔬 ❤\ufe0f"),
        ("\ud800", "\\ud800"),
        ("naïve ✓ 漢字", "naïve ✓ 漢字"),
    ],
)
def test_visible_spells_out_what_a_terminal_would_obey(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_one_line_is_one_line() -> None:
    assert one_line("a\n  b\tc", width=5) == "a b c"
    assert one_line("abcdef", width=4) == "abc…"


@pytest.mark.parametrize(
    ("amount", "shown"),
    [(0, "$0.000000"), (-5, "-$0.000005"), (1_500_000, "$1.500000"), (-2_000_001, "-$2.000001")],
)
def test_money(amount: int, shown: str) -> None:
    assert units.micro_usd(amount) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.04, "0.0s"), (9.94, "9.9s"), (12.9, "12s"), (185, "3m05s"), (-1, "0.0s")]
)
def test_durations(seconds: float, shown: str) -> None:
    assert units.duration(seconds) == shown


@pytest.mark.parametrize("moment", [1e300, -1e300, float("nan"), float("inf")])
def test_absurd_moments_do_not_break_a_table(moment: float) -> None:
    assert units.moment(moment) == "-"


def test_tables_are_as_wide_as_their_content() -> None:
    assert columns.table(("A", "LONG"), [("x" * 12, "1"), ("y", "")]) == f"A{' ' * 13}LONG\n{'x' * 12}  1\ny"


def test_a_secret_does_not_show_itself() -> None:
    secret = Secret("hmk_" + "s" * 43)

    assert "sss" not in f"{secret!r} {secret} {[secret]} {secret.masked}"
