"""State machines: total tables, and few places that write a status."""

import ast
from itertools import pairwise

import pytest
from django.db.models import TextChoices

from agents.enums import BuildStatus
from agents.models import ImageBuild
from agents.transitions import BUILD
from hivemind.kit.states import Transitions
from runner.enums import RunStatus, StageStatus
from runner.models import Run, Stage
from runner.transitions import RUN, STAGE
from tests.architecture.sources import called, functions, trees

MACHINES = [(RUN, RunStatus, Run), (STAGE, StageStatus, Stage), (BUILD, BuildStatus, ImageBuild)]

# Besides `states.advance`, which everybody else calls.
WRITERS = {
    ("agents/services/builds.py", "_claim"): "the claim raises the fence in the same conditional update",
    ("runner/services/execute.py", "_claim"): "the claim raises the fence in the same conditional update",
    ("runner/services/finish.py", "_end_stages"): "the stages that a run leaves behind, in one update for all",
    ("runner/services/runs.py", "_insert"): "the first state of a stage",
    ("hivemind/kit/states.py", "advance"): "the one function that takes a step",
}
WRITING_CALLS = {"update", "create", "bulk_create", "get_or_create", "update_or_create", "Run", "Stage", "ImageBuild"}


@pytest.mark.parametrize(("machine", "words", "model"), MACHINES)
def test_a_table_is_total(machine: Transitions, words: type[TextChoices], model: type) -> None:
    assert set(machine.table) == set(words)
    assert {after for following in machine.table.values() for after in following} <= set(words)
    assert set(model._meta.get_field("status").choices) == set(words.choices)


@pytest.mark.parametrize(("machine", "words", "model"), MACHINES)
def test_every_state_leads_to_an_end(machine: Transitions, words: type[TextChoices], model: type) -> None:
    assert machine.terminal
    done = set(machine.terminal)
    for _ in words:
        done |= {state for state, following in machine.table.items() if following & done}
    assert done == set(words)


@pytest.mark.parametrize(("machine", "words", "model"), MACHINES)
def test_a_step_that_the_table_does_not_have_is_a_fault(
    machine: Transitions, words: type[TextChoices], model: type
) -> None:
    for before, after in pairwise([*machine.terminal, *machine.terminal]):
        with pytest.raises(ValueError, match="no step"):
            machine.check(before, after)


def test_only_the_listed_functions_write_a_status() -> None:
    found = {
        (path, function.name)
        for path, tree in trees().items()
        if not path.startswith(("hmctl/", "bench/", "agents/sdk/", "agents/examples/"))
        for function in functions(tree)
        for node in ast.walk(function)
        if _writes_status(node)
    }
    assert found == set(WRITERS)


def test_nobody_assigns_a_status() -> None:
    assigned = [
        f"{path}:{node.lineno}"
        for path, tree in trees().items()
        if path.startswith(
            ("agents/services", "agents/tasks", "rooms/", "runner/services", "runner/stages", "runner/api")
        )
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == "status" and isinstance(node.ctx, ast.Store)
    ]
    assert assigned == []


def _writes_status(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or called(node) not in WRITING_CALLS:
        return False
    return any(keyword.arg == "status" for keyword in node.keywords)
