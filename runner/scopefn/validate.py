"""The rules that the source of a scope function must meet before it is compiled.

They keep honest authors on the path and make breaking out hard. They are not the wall: the process that
this runs in is locked by the kernel, and the source is read, compiled and executed only there.
"""

import ast
import re
import string
from types import CodeType

from runner.scopefn.errors import ScopeFnInvalid

MAX_SOURCE_CHARS = 10_000
PARAMETERS = ("sql", "params", "rows")

_DUNDER = re.compile(r"__\w+__")

_BANNED_NODES: dict[type[ast.AST], str] = {
    ast.Yield: "yield",
    ast.YieldFrom: "yield from",
    ast.AsyncFunctionDef: "async def",
    ast.AsyncFor: "async for",
    ast.AsyncWith: "async with",
    ast.Await: "await",
    ast.Global: "global",
    ast.Nonlocal: "nonlocal",
    ast.ClassDef: "class",
    ast.Import: "import",
    ast.ImportFrom: "import",
}

_BANNED_CALLS = frozenset(
    {
        *("exec", "eval", "compile", "__import__", "open", "input", "breakpoint", "exit", "quit", "type"),
        *("getattr", "setattr", "delattr", "hasattr", "vars", "dir", "globals", "locals"),
    }
)

# Attributes without an underscore that lead from a value to the interpreter.
_INNER_PREFIXES = ("gi_", "cr_", "ag_", "tb_", "f_", "co_", "func_")
_INNER_NAMES = frozenset({"mro", "format_map", "with_traceback"})


def check_size(source: str) -> None:
    """Raise ScopeFnInvalid for a blank or oversized source; cheap enough for the trusted side."""
    if not source.strip():
        raise ScopeFnInvalid("scope function source is empty")
    if len(source) > MAX_SOURCE_CHARS:
        raise ScopeFnInvalid(f"scope function source is longer than {MAX_SOURCE_CHARS} characters")


def compile_scope(source: str) -> CodeType:
    """Check a source against every rule and compile it; raises ScopeFnInvalid with a reason for its
    author.
    """
    check_size(source)
    try:
        tree = ast.parse(source, filename="<scope_fn>")
    except SyntaxError as error:
        where = f" on line {error.lineno}" if error.lineno else ""
        raise ScopeFnInvalid(f"syntax error{where}: {error.msg}") from None
    except (ValueError, RecursionError, MemoryError):
        raise ScopeFnInvalid("scope function source can't be parsed") from None
    _check_module(tree)
    _check_nodes(tree)
    try:
        return compile(tree, "<scope_fn>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ScopeFnInvalid(f"scope function can't be compiled ({type(error).__name__})") from None


def _check_module(tree: ast.Module) -> None:
    entry: ast.FunctionDef | None = None
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            entry = node if node.name == "scope" else entry
        elif not (isinstance(node, ast.Expr) and _is_text(node.value)):
            raise ScopeFnInvalid(f"line {node.lineno}: only function definitions are allowed at the top level")
    if entry is None:
        raise ScopeFnInvalid("there must be a top-level function: def scope(sql, params, rows)")
    if tuple(argument.arg for argument in entry.args.args) != PARAMETERS or entry.args.posonlyargs:
        raise ScopeFnInvalid("the parameters of scope must be exactly (sql, params, rows)")


def _check_nodes(tree: ast.Module) -> None:
    literal_formats = {
        id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call) and _is_plain_format(node)
    }
    for node in ast.walk(tree):
        banned = _BANNED_NODES.get(type(node))
        if banned is not None:
            raise _refusal(node, f"{banned} is not allowed")
        if isinstance(node, ast.Attribute):
            if id(node) not in literal_formats:
                _check_attribute(node, node.attr)
        elif isinstance(node, ast.MatchClass):
            for name in node.kwd_attrs:
                _check_attribute(node, name)
        elif isinstance(node, ast.Call):
            _check_call(node)
        else:
            _check_leaf(node)


def _check_leaf(node: ast.AST) -> None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and _DUNDER.search(node.value):
        raise _refusal(node, "text constants must not contain __names__")
    if isinstance(node, ast.Name) and _DUNDER.search(node.id):
        raise _refusal(node, f"name {node.id} is not allowed")
    if isinstance(node, ast.FunctionDef) and _DUNDER.search(node.name):
        raise _refusal(node, f"function name {node.name} is not allowed")
    if isinstance(node, ast.Dict):
        _check_never_deny(node)


def _check_call(node: ast.Call) -> None:
    if isinstance(node.func, ast.Name) and node.func.id in _BANNED_CALLS:
        raise _refusal(node, f"calling {node.func.id} is not allowed")


def _check_attribute(node: ast.AST, name: str) -> None:
    if name.startswith("_") and name != "_":
        raise _refusal(node, f"attribute {name} is not allowed")
    if name in _INNER_NAMES or name.startswith(_INNER_PREFIXES):
        raise _refusal(node, f"attribute {name} is not allowed")
    if name == "format":
        raise _refusal(node, "format is allowed only on a text literal with plain fields; use an f-string")


def _check_never_deny(node: ast.Dict) -> None:
    for key, value in zip(node.keys, node.values, strict=True):
        if (
            isinstance(key, ast.Constant)
            and key.value == "allow"
            and isinstance(value, ast.Constant)
            and value.value is False
        ):
            raise _refusal(node, "scope must not always deny ('allow': False); return fewer or reduced rows")


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _is_plain_format(node: ast.Call) -> bool:
    """Whether this is ``"...".format(...)`` whose fields look at no attribute and no item."""
    func = node.func
    if not (isinstance(func, ast.Attribute) and func.attr == "format" and isinstance(func.value, ast.Constant)):
        return False
    return isinstance(func.value.value, str) and _has_plain_fields(func.value.value)


def _has_plain_fields(template: str, depth: int = 0) -> bool:
    if depth > 2:
        return False
    try:
        fields = list(string.Formatter().parse(template))
    except ValueError:
        return False
    return all(
        name is None or ("." not in name and "[" not in name and _has_plain_fields(spec or "", depth + 1))
        for _, name, spec, _ in fields
    )


def _refusal(node: ast.AST, sentence: str) -> ScopeFnInvalid:
    line = getattr(node, "lineno", None)
    return ScopeFnInvalid(f"line {line}: {sentence}" if line else sentence)
