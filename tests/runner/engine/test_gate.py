"""What goes through the gate arrives byte for byte, and only as what it is."""

import os
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.engine import errors, gate
from runner.engine.base import ImageInfo

_NO_NUL = st.binary(max_size=200).map(lambda raw: raw.replace(b"\0", b"\x01"))


def _shell(script: bytes, *argv: str, env: dict[str, str] | None = None) -> bytes:
    result = subprocess.run(
        ["/bin/bash", "--posix", "-c", script, "gate", *argv],
        env={"PATH": "/usr/bin:/bin"} | (env or {}),
        capture_output=True,
        check=False,
    )
    return result.stdout + result.stderr


@settings(max_examples=40, deadline=None)
@given(_NO_NUL)
def test_a_quoted_value_stands_for_exactly_its_bytes(value: bytes) -> None:
    assert _shell(b"printf %s " + gate.quoted(value)) == value


def test_a_value_cannot_run_anything() -> None:
    hostile = b"'; echo broken; '$(echo broken)`echo broken`\necho broken\n"
    script = gate.script({"A": hostile}, image_env=[])
    assert b"broken" not in _shell(script, "true")
    assert _shell(script, "printenv", "A") == hostile + b"\n"


def test_the_program_keeps_its_own_name_and_arguments() -> None:
    script = gate.script({}, image_env=[])
    told = _shell(script, "bash", "-c", 'echo "$0 $1"', "a b", "c  d")
    assert told == b"a b c  d\n"
    assert _shell(script, "cat", "/proc/self/cmdline") == b"cat\0/proc/self/cmdline\0"


def test_a_program_that_is_not_there_ends_with_127() -> None:
    script = gate.script({}, image_env=[]) + b"\n"
    result = subprocess.run(["/bin/bash", "-c", script, "gate", "no-such-program"], capture_output=True, check=False)
    assert (result.returncode, result.stdout) == (127, b"")


def test_the_shells_own_variables_do_not_reach_the_program() -> None:
    told = _shell(gate.script({"A": b"1"}, image_env=[]), "printenv", "PWD", "OLDPWD", env={"PWD": "/x"})
    assert told == b""


def test_a_shell_variable_that_the_image_sets_is_the_images() -> None:
    told = _shell(gate.script({}, image_env=["PWD=/from/image"]), "printenv", "PWD")
    assert told == b"/from/image\n"


def test_small_values_are_variables_and_large_ones_are_files() -> None:
    inputs = gate.sort_inputs({"SMALL": "s", "LARGE": "l" * (100 * 1024 + 1)}, {"NAMED": b"n"})
    assert inputs.variables == {
        "SMALL": b"s",
        "LARGE_FILE": b"/run/hive/in/LARGE",
        "NAMED_FILE": b"/run/hive/in/NAMED",
    }
    assert inputs.files == {"LARGE": b"l" * (100 * 1024 + 1), "NAMED": b"n"}


def test_many_values_that_are_too_large_together_become_files_until_they_fit() -> None:
    inputs = gate.sort_inputs({f"V{n}": "x" * (90 * 1024 + n) for n in range(20)}, {})
    assert sum(map(len, inputs.variables.values())) <= 1024 * 1024
    assert "V19" in inputs.files
    assert "V0" in inputs.variables


def test_what_the_caller_said_about_a_file_is_kept() -> None:
    inputs = gate.sort_inputs({"A": "text", "A_FILE": "/elsewhere"}, {"A": b"bytes"})
    assert inputs.variables == {"A": b"text", "A_FILE": b"/elsewhere"}


def test_text_that_utf8_cannot_write_is_replaced() -> None:
    assert gate.sort_inputs({"A": "x\ud800y"}, {}).variables["A"] == b"x?y"


@pytest.mark.parametrize("name", ["../x", "a/b", "", "A.B", "A B"])
def test_a_files_name_cannot_lead_elsewhere(name: str) -> None:
    with pytest.raises(errors.InvalidSpec):
        gate.sort_inputs({}, {name: b""})


@pytest.mark.parametrize(
    ("override", "image", "expected"),
    [
        (None, ImageInfo("i", entrypoint=("a",), cmd=("b", "c")), ["a", "b", "c"]),
        (None, ImageInfo("i", cmd=("b",)), ["b"]),
        ("python '/app/my agent.py' -v", ImageInfo("i", cmd=("b",)), ["python", "/app/my agent.py", "-v"]),
        (("x", "y z"), ImageInfo("i", entrypoint=("a",), cmd=("b",)), ["x", "y z"]),
        ("", ImageInfo("i", cmd=("b",)), ["b"]),
    ],
)
def test_the_command_is_put_together_as_the_engine_would(
    override: str | tuple[str, ...] | None, image: ImageInfo, expected: list[str]
) -> None:
    assert gate.command_line(override, image) == expected


def test_an_image_without_a_command_is_refused() -> None:
    with pytest.raises(errors.InvalidSpec):
        gate.command_line(None, ImageInfo("i"))


def test_variables_whose_names_a_shell_cannot_hold_survive() -> None:
    script = gate.script({}, image_env=["odd.name=it's"]).replace(gate.SHELL.encode() + b" env", b"env")
    assert "odd.name=it's" in _shell(script, "env", env=dict(os.environ)).decode().splitlines()
