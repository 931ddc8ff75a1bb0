"""The gate: what a container runs until its turn, and the script that lets the agent's program through.

The container's entrypoint is a static shell from a mounted directory. It reads a script from a FIFO, so it blocks until
somebody writes one. The script exports the stage's environment and replaces the shell with the agent's program. The
container's own settings therefore never contain a secret, and before the release no byte of the image's code has run.
"""

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from runner.engine import errors
from runner.engine.base import GATE_DIRECTORY, INPUT_DIRECTORY, LARGEST_VARIABLE_BYTES, ImageInfo

SHELL_DIRECTORY = "/run/hive-gate"
SHELL = f"{SHELL_DIRECTORY}/busybox"
FIFO_NAME = "gate"
_SCRIPT_CUT_SHORT = 125

# The kernel refuses a program whose arguments and environment together are larger than 2 MiB.
_LARGEST_ENVIRONMENT_BYTES = 1024 * 1024
_RESERVED_PREFIX = "_hive_"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")

# The shell sets these for itself; a program started without it would not see them.
_SHELL_VARIABLES = ("PWD", "OLDPWD", "SHLVL")

# Found by hand, not by `exec`: the shell would take its own built-in commands for the image's programs.
_HAND_OVER = """
_hive_name=$1; _hive_path=; _hive_rest=$PATH:
shift
case $_hive_name in
*/*) _hive_path=$_hive_name ;;
*) while [ -z "$_hive_path" ] && [ -n "$_hive_rest" ]; do
  _hive_dir=${_hive_rest%%:*}; _hive_dir=${_hive_dir:-.}; _hive_rest=${_hive_rest#*:}
  if [ -f "$_hive_dir/$_hive_name" ] && [ -x "$_hive_dir/$_hive_name" ]; then _hive_path=$_hive_dir/$_hive_name; fi
done ;;
esac
if [ -z "$_hive_path" ]; then echo "$_hive_name: command not found" >&2; exit 127; fi
"""


@dataclass(frozen=True)
class Inputs:
    """What a stage gets: small values as variables, large ones and named ones as files."""

    variables: Mapping[str, bytes]
    files: Mapping[str, bytes]


def entrypoint() -> list[str]:
    """What the container really starts; the agent's command line follows as arguments."""
    return [SHELL, "sh", "-c", f". {GATE_DIRECTORY}/{FIFO_NAME}; exit {_SCRIPT_CUT_SHORT}", "hive-gate"]


def sort_inputs(env: Mapping[str, str], files: Mapping[str, bytes]) -> Inputs:
    """Decide what becomes a variable and what a file. Raises InvalidSpec for a name or value that cannot be either."""
    variables = {name: _value(name, text) for name, text in env.items()}
    chosen = {_checked(name): bytes(content) for name, content in files.items()}
    for name in _too_large(variables):
        chosen.setdefault(name, variables[name])
        del variables[name]
    for name in chosen:
        variables.setdefault(_checked(f"{name}_FILE"), f"{INPUT_DIRECTORY}/{name}".encode())
    return Inputs(variables, chosen)


def check_folders(folders: Mapping[str, Iterable[str]]) -> None:
    """Raise InvalidSpec unless folders and the files in them have plain names."""
    for folder, files in folders.items():
        if not all(_FILE_NAME.fullmatch(name) for name in (folder, *files)):
            raise errors.InvalidSpec("Input folders and their files have letters, digits, points, dashes.")


def script(variables: Mapping[str, bytes], *, image_env: Sequence[str]) -> bytes:
    """The shell text that sets the environment and becomes the agent's program, whatever the values contain."""
    own = (item.partition("=") for item in image_env)
    exported = {name: value.encode() for name, _, value in own if name in _SHELL_VARIABLES} | dict(variables)
    unwanted = [name for name in _SHELL_VARIABLES if name not in exported]
    lines = [f"unset {' '.join(unwanted)}".encode()] if unwanted else []
    lines += [b"export " + name.encode() + b"=" + quoted(value) for name, value in exported.items()]
    return b"\n".join([*lines, _HAND_OVER.strip().encode(), _become(image_env), b""])


def quoted(value: bytes) -> bytes:
    """``value`` as one word of shell text that stands for exactly these bytes."""
    return b"'" + value.replace(b"'", b"'\\''") + b"'"


def _become(image_env: Iterable[str]) -> bytes:
    # The shell drops variables of the image whose names it could not use itself, such as `npm-token`.
    odd = [item.encode() for item in image_env if not _NAME.fullmatch(item.partition("=")[0])]
    if odd:
        return b" ".join([f"exec {SHELL} env".encode(), *map(quoted, odd), b'"$_hive_path" "$@"'])
    return b'exec -a "$_hive_name" "$_hive_path" "$@"'


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name) or name.startswith(_RESERVED_PREFIX):
        raise errors.InvalidSpec("An input's name has letters, digits and underscores, and does not begin with _hive_.")
    return name


def _value(name: str, text: str) -> bytes:
    value = text.encode("utf-8", "replace")
    if b"\0" in value:
        raise errors.InvalidSpec(f"The input {_checked(name)} contains a NUL.")
    _checked(name)
    return value


def _too_large(variables: Mapping[str, bytes]) -> list[str]:
    largest_first = sorted(variables, key=lambda name: len(variables[name]), reverse=True)
    total = sum(len(name) + len(value) + 2 for name, value in variables.items())
    chosen = []
    for name in largest_first:
        size = len(variables[name])
        if size <= LARGEST_VARIABLE_BYTES and total <= _LARGEST_ENVIRONMENT_BYTES:
            break
        chosen.append(name)
        total -= size
    return chosen


def command_line(entrypoint_override: str | tuple[str, ...] | None, image: ImageInfo) -> list[str]:
    """The agent's program and arguments, as the engine itself would put them together. Raises InvalidSpec if none."""
    override = _split(entrypoint_override)
    argv = override or [*image.entrypoint, *image.cmd]
    if not argv or not argv[0]:
        raise errors.InvalidSpec("The agent's image has neither ENTRYPOINT nor CMD, and no entrypoint was given.")
    return argv


def _split(override: str | tuple[str, ...] | None) -> list[str]:
    if not isinstance(override, str):
        return list(override or ())
    try:
        return shlex.split(override)
    except ValueError:
        raise errors.InvalidSpec("The agent's entrypoint has an unclosed quote.") from None
