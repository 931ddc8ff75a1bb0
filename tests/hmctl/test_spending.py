"""The chart of the last days, on screens and elsewhere."""

import os
import pty
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from hmctl import statement
from hmctl.render import account, spending
from tests.hmctl.lying_service import LyingService
from tests.hmctl.shell import Shell

ROOT = Path(__file__).resolve().parents[2]
LAST = date(2026, 1, 30)


def _thirty(**spent: int) -> list[tuple[date, int]]:
    by_day = {date.fromisoformat(name[1:].replace("_", "-")): amount for name, amount in spent.items()}
    return [(day, by_day.get(day, 0)) for day in (LAST - timedelta(days=29 - n) for n in range(30))]


def test_columns_have_the_heights_of_their_days() -> None:
    days = _thirty(d2026_01_01=800_000, d2026_01_02=400_000, d2026_01_30=1)

    drawn = [line.plain for line in spending.lines(days, width=50)]

    assert drawn == [
        "Spent in the last 30 days: $1.200001",
        "$0.800000 ┤█",
        "          ┤█",
        "          ┤██",
        "$0.000000 ┤██                           ▁",
        "           2026-01-01          2026-01-30",
    ]


def test_a_wide_screen_gets_wide_columns() -> None:
    drawn = spending.lines(_thirty(d2026_01_02=5), width=80)

    assert drawn[1].plain == "$0.000005 ┤  █"
    assert max(len(line.plain) for line in drawn) <= 80


def test_nothing_spent_is_one_line() -> None:
    assert [line.plain for line in spending.lines(_thirty(), width=80)] == ["Spent in the last 30 days: $0.000000"]
    assert account.plain_days(_thirty()) == ""


def test_the_last_day_is_todays_even_if_the_service_is_a_little_ahead() -> None:
    now = datetime(2026, 1, 30, 23, 59, tzinfo=UTC).timestamp()
    answer = {"balance_micro_usd": 1, "spending": [{"date": "2026-01-31", "spent_micro_usd": 5}]}

    assert statement.read(answer).days(now)[-1] == (date(2026, 1, 31), 5)
    assert len(statement.read({"balance_micro_usd": 1}).days(now)) == 30


@pytest.mark.parametrize(
    ("environment", "drawn"),
    [({"LC_ALL": "C.UTF-8"}, "█"), ({"NO_COLOR": "1"}, "####"), ({"PYTHONIOENCODING": "ascii"}, "####")],
)
def test_blocks_are_only_for_screens_that_show_them(
    environment: dict[str, str], drawn: str, alice: Shell, service: LyingService
) -> None:
    service.bank.spending = {datetime.now(UTC).date().isoformat(): 1_000_000}
    home = {"HIVEMIND_HOME": str(alice.home), "HOME": str(alice.home.parent), "PATH": os.environ["PATH"]}

    shown = _on_a_screen("balance", environment=home | {"TERM": "xterm", "COLUMNS": "100"} | environment)

    assert drawn in shown
    assert ("█" in shown) == (drawn == "█")
    assert ("\x1b[" in shown) == (drawn == "█")


def _on_a_screen(*words: str, environment: dict[str, str]) -> str:
    outside, inside = pty.openpty()
    with os.fdopen(outside, "rb", buffering=0) as screen:
        command = [sys.executable, "-m", "hmctl", *words]
        running = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=inside, stderr=subprocess.DEVNULL)
        os.close(inside)
        shown = b""
        try:
            while part := screen.read(65_536):
                shown += part
        except OSError:  # how a closed screen ends on this system
            pass
        assert running.wait(30) == 0
    return shown.decode()
