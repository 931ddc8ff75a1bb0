"""The locked process: reads one source, then answers calls until its input ends.

It is started with an isolated interpreter and nothing but two pipes. Everything that it needs is imported
before the lock closes, and each call gets globals of its own, so that no call can leave anything behind
for the next.
"""

import contextlib
import gc
import importlib
import os
import pickle
import traceback
from types import CodeType, ModuleType
from typing import Any

from runner.scopefn import frames, jsonrows, lockdown, validate
from runner.scopefn.errors import ScopeFnInvalid

# Unpickling a value, formatting a moment or reading a name with an umlaut would import these, and importing is
# no longer possible then.
_INNER_IMPORTS = ("time", "datetime", "_strptime", "uuid", "unicodedata")
_PRELOADED = {name: importlib.import_module(name) for name in _INNER_IMPORTS}

_IN, _OUT = 0, 1


def _import_preloaded(name: str, *_: object) -> ModuleType:
    """What C code of the interpreter finds when it imports; a function can't name it."""
    return _PRELOADED[name]


_SAFE_BUILTINS: dict[str, object] = {
    "True": True,
    "False": False,
    "None": None,
    "__import__": _import_preloaded,
    **{
        function.__name__: function
        for function in (
            *(len, str, int, float, bool, list, dict, set, tuple, min, max),
            *(sum, sorted, any, all, abs, round, enumerate, zip, range, isinstance),
        )
    },
}


class Denial(Exception):
    """The function did not allow; ``reason`` may be shown to anybody."""

    def __init__(self, reason: str, *, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail or reason


def main() -> None:
    """Lock this process up, say so, and serve."""
    setup: tuple[lockdown.Locks, int] = pickle.loads(frames.read_frame(_IN)[1:])  # noqa: S301  # from the trusted side
    locks, output_chars = setup
    try:
        lockdown.lock(locks)
    except (OSError, ValueError) as error:
        frames.write_frame(_OUT, frames.UNLOCKED + str(error).encode())
        os._exit(1)
    frames.write_frame(_OUT, frames.READY)
    with contextlib.suppress(EOFError):
        _serve(output_chars)
    os._exit(0)


def _serve(output_chars: int) -> None:
    code: CodeType | None = None
    while True:
        frame = frames.read_frame(_IN)
        kind, body = frame[:1], frame[1:]
        if kind == frames.LOAD:
            try:
                code = load(body.decode())
                answer = frames.LOADED
            except ScopeFnInvalid as error:
                answer = frames.INVALID + error.reason.encode("utf-8", "replace")
        elif kind == frames.CALL and code is not None:
            answer = call(code, body, output_chars)
        else:
            os._exit(2)
        frames.write_frame(_OUT, answer)
        del frame, body, answer
        gc.collect()


def load(source: str) -> CodeType:
    """Check, compile and try out a source; raises ScopeFnInvalid."""
    code = validate.compile_scope(source)
    try:
        _fresh_scope(code)
    except Exception as error:  # noqa: BLE001  # a stranger's code may raise anything
        raise ScopeFnInvalid(f"scope function can't be defined: {_describe(error)}") from None
    return code


def call(code: CodeType, body: bytes, output_chars: int) -> bytes:
    """Run one call and return the answer frame; whatever is not an explicit allow becomes a denial."""
    try:
        row_count, truncated, text = _decide(code, body, output_chars)
    except Denial as denial:
        return frames.pack_denied(denial.reason, denial.detail)
    except Exception as error:  # noqa: BLE001  # a stranger's code may raise anything
        reason = f"scope function failed ({type(error).__name__})"
        return frames.pack_denied(reason, f"scope function failed: {_describe(error)}")
    return frames.ALLOWED + frames.ALLOWED_HEAD.pack(row_count, truncated) + text.encode("utf-8", "replace")


def _decide(code: CodeType, body: bytes, output_chars: int) -> tuple[int, bool, str]:
    sql, params, columns, rows, cut = pickle.loads(body)  # noqa: S301  # from the trusted side
    if columns is not None:
        rows = [dict(zip(columns, row, strict=True)) for row in rows]
    allowed = allowed_rows(_fresh_scope(code)(sql, params, rows))
    try:
        text, truncated = jsonrows.rows_to_json(allowed, limit_chars=output_chars, cut=cut)
    except (TypeError, ValueError, RecursionError):
        raise Denial("scope function returned rows that can't be written as JSON") from None
    return len(allowed), truncated, text


def allowed_rows(result: object) -> list[dict[Any, Any]]:
    """Return the rows of an explicit allow; raises Denial for everything else."""
    if not isinstance(result, dict):
        raise Denial("scope function must return {'allow': ..., 'rows': [...]}")
    allow, rows = result.get("allow"), result.get("rows")
    if not isinstance(allow, (bool, int)) or not allow:
        error = result.get("error")
        raise Denial(error if isinstance(error, str) and error else "denied by the scope function")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Denial("scope function must return 'rows' as a list of dicts")
    return rows


def _fresh_scope(code: CodeType) -> Any:
    namespace: dict[str, Any] = {"__name__": "scope_fn", "__builtins__": dict(_SAFE_BUILTINS)}
    exec(code, namespace)  # noqa: S102  # this process exists to do so
    return namespace["scope"]


def _describe(error: Exception) -> str:
    trace = traceback.walk_tb(error.__traceback__)  # without source lines: files are out of reach
    lines = [line for frame, line in trace if frame.f_code.co_filename == "<scope_fn>"]
    where = f" on line {lines[-1]}" if lines else ""
    try:
        text = str(error)
    except Exception:  # noqa: BLE001  # what it carries may be too deep to print
        text = "(no text)"
    return f"{type(error).__name__}{where}: {text}"
