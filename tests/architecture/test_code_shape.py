"""Size and shape of the code: short modules, short functions, broad excepts only at the edges."""

import ast

from tests.architecture.sources import ROOT, functions, trees

MODULE_LINES, FUNCTION_LINES, PARAMETERS = 400, 60, 8

# Where code of others, a task or a whole command is carried out: whatever happens there must end in an answer.
CATCH_EVERYTHING = {
    "agents/default-mediator/agent.py": "nothing unchecked is printed, whatever happens",
    "agents/default-query/agent.py": "the one who asks gets a sentence, whatever happens",
    "agents/default-scope/agent.py": "a room is not left without its filter, whatever happens",
    "agents/sdk/hivemind_agent/mcp/server.py": "a request over MCP is answered, whatever happens in the tool",
    "agents/examples/agent-sdk-query/agent.py": "the SDK raises plain exceptions, and an agent always answers",
    "agents/services/builds.py": "a build that fails in an unforeseen way ends as failed",
    "hivemind/kit/admin/health.py": "a check that breaks is shown as a failed check",
    "hmctl/cli.py": "the client's outermost edge",
    "runner/artifacts/rendering/worker.py": "a process that reads hostile text answers that it failed",
    "runner/bridge/app.py": "an agent's request is answered, whatever it does to us",
    "runner/bridge/tools.py": "a tool call is answered, whatever happens in the tool",
    "runner/scopefn/worker.py": "the room's own code runs below it",
    "runner/services/execute.py": "a run that fails in an unforeseen way ends as failed",
}


def test_no_module_is_long() -> None:
    sizes = {path: len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path in trees()}
    assert {path: size for path, size in sizes.items() if size > MODULE_LINES} == {}


def test_no_function_is_long() -> None:
    sizes = {
        f"{path}:{function.name}": (function.end_lineno or 0) - function.lineno + 1
        for path, tree in trees().items()
        for function in functions(tree)
    }
    assert {name: size for name, size in sizes.items() if size > FUNCTION_LINES} == {}


def test_no_function_takes_many_parameters() -> None:
    counts = {
        f"{path}:{function.name}": len(arguments.posonlyargs) + len(arguments.args) + len(arguments.kwonlyargs)
        for path, tree in trees().items()
        for function in functions(tree)
        for arguments in [function.args]
    }
    assert {name: count for name, count in counts.items() if count > PARAMETERS} == {}


def test_everything_is_caught_only_at_the_edges() -> None:
    found = {
        path
        for path, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler) and _catches(node, "Exception")
    }
    assert found == set(CATCH_EVERYTHING)


def test_what_is_caught_below_exception_is_raised_again() -> None:
    swallowed = [
        f"{path}:{node.lineno}"
        for path, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler) and (node.type is None or _catches(node, "BaseException"))
        if not any(isinstance(inner, ast.Raise) and inner.exc is None for inner in ast.walk(node))
    ]
    assert swallowed == []


def test_every_module_says_what_it_is() -> None:
    sent_to_rooms = "agents/examples/row-limit-scope/guard.py"  # counts against the size of a scope function
    silent = {path for path, tree in trees().items() if tree.body and not ast.get_docstring(tree)}
    assert silent <= {sent_to_rooms}


def test_nothing_is_left_to_be_done() -> None:
    unfinished = [
        f"{path}:{node.lineno}"
        for path, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Raise) and "NotImplementedError" in ast.unparse(node)
    ]
    assert unfinished == []


def _catches(handler: ast.ExceptHandler, name: str) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(isinstance(kind, ast.Name) and kind.id == name for kind in kinds)
