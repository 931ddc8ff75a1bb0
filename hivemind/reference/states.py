"""The pages of the state machines, from their transition tables."""

from dataclasses import dataclass

from agents.transitions import BUILD
from hivemind.kit.states import Transitions
from runner.transitions import RUN, STAGE


@dataclass(frozen=True)
class Machine:
    """One state machine as a page shows it."""

    title: str
    table: Transitions
    about: str


MACHINES = {
    "run": Machine(
        "States of a run",
        RUN,
        "`pending` waits for a worker, `running` is claimed by one. The API shows `cancelled` as `failed`. "
        "A run that passes its deadline, or whose worker is gone, is moved to `failed` by the reaper.",
    ),
    "stage": Machine(
        "States of a stage",
        STAGE,
        "A run has one row for each of its stages. A stage whose run ends before its turn is `skipped`.",
    ),
    "build": Machine(
        "States of an image build",
        BUILD,
        "`pending` waits for a worker, `running` is claimed by one. "
        "Each state but the last ones has a deadline, after which the reaper moves it to `failed`.",
    ),
}


def page(name: str) -> str:
    """The page of one machine as Markdown with a diagram."""
    machine = MACHINES[name]
    table = {str(state): sorted(map(str, following)) for state, following in machine.table.table.items()}
    steps = [f"    {before} --> {after}" for before, following in table.items() for after in following]
    entered = {after for following in table.values() for after in following}
    first = [f"    [*] --> {state}" for state in table if state not in entered]
    last = [f"    {state} --> [*]" for state, following in table.items() if not following]
    diagram = "\n".join(["```mermaid", "stateDiagram-v2", *first, *steps, *last, "```"])
    return f"# {machine.title}\n\n{machine.about}\n\n{diagram}\n"
