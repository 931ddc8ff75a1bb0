"""What a build printed: within bounds, without tricks on a terminal, and opened by its agent's key alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.models import Agent, ImageBuild
from agents.services import build_logs
from agents.services.build_logs import FIRST_CHARS, LAST_CHARS, BuildLog
from attestation.errors import SealError
from attestation.sealing.kdf import new_key


def written(*pieces: str) -> str:
    log = BuildLog()
    for piece in pieces:
        log.write(piece)
    return log.text()


def test_beginning_and_end_are_kept_and_the_gap_is_told() -> None:
    text = written("begin\n", *["x" * 1000 + "\n"] * 500, "end\n")
    assert text.startswith("begin\n") and text.endswith("end\n")
    assert "characters are left out here]" in text
    assert len(text) <= FIRST_CHARS + LAST_CHARS + 60


def test_one_endless_line_is_cut_as_well() -> None:
    text = written("y" * 5_000_000)
    assert len(text) <= FIRST_CHARS + LAST_CHARS + 60


@given(st.lists(st.text(max_size=50), max_size=20))
def test_nothing_reaches_a_terminal_that_is_not_text(pieces: list[str]) -> None:
    assert all(char in "\n\t" or char.isprintable() for char in written(*pieces))


def test_colours_carriage_returns_and_bidi_marks_are_gone() -> None:
    assert written("\x1b[31mred\x1b[0m 10%\r20%\r\n\u202eevil\x07") == "red 10%\n20%\nevil"


def test_steps_are_told_and_our_own_are_left_out() -> None:
    steps: list[tuple[int, int]] = []
    log = BuildLog(on_step=lambda step, steps_: steps.append((step, steps_)))
    for piece in ("Step 1/3 : FROM sha256:ab", "\n", "Step 2/3 : LABEL hivemind-instance=x y=z", "Step 3/3 : RUN a"):
        log.write(piece)
    assert steps == [(1, 3), (2, 3), (3, 3)]
    assert "hivemind-instance" not in log.text()
    assert "RUN a" in log.text()


def test_a_log_opens_with_its_key_and_in_its_place_only() -> None:
    agent, key = Agent(id="aaaaaaaaaaaa", tenant_id="t_000000000000"), new_key()
    build = ImageBuild(id="b" * 12, agent=agent)
    build.log_sealed = build_logs.sealed(build, "canary ä", source_key=key)
    assert b"canary" not in build.log_sealed
    assert build_logs.opened(build, source_key=key) == "canary ä"
    with pytest.raises(SealError):
        build_logs.opened(build, source_key=new_key())
    with pytest.raises(SealError):
        build_logs.opened(ImageBuild(id="c" * 12, agent=agent, log_sealed=build.log_sealed), source_key=key)
    assert build_logs.opened(ImageBuild(id="d" * 12, agent=agent), source_key=key) == ""
