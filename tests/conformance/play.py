"""Playing one case against a client, and saying what was wrong."""

from dataclasses import dataclass
from pathlib import Path

from tests.conformance.adapter import Adapter, Shown, Verdict
from tests.conformance.case import Case
from tests.conformance.setting import YES
from tests.conformance.world import World, playing


@dataclass(frozen=True)
class Result:
    """How a case went. No problems: the client is right."""

    case: Case
    shown: Shown
    verdict: Verdict
    problems: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return not self.problems


def play(case: Case, adapter: Adapter, *, folder: Path) -> Result:
    """Plays the case in an empty folder of its own."""
    with playing(case.setting, folder) as world:
        adapter.prepare(world)
        if case.arrange is not None:
            case.arrange(world)
        for step in case.before:
            action, wanted = step if isinstance(step, tuple) else (step, 0)
            done = adapter.call(world, action)
            if done.exit != wanted:
                told = f"{action.name}, honest, ended with {done.exit}: {done.out}{done.err}"
                return Result(case, done, adapter.read(done), (told,))
        world.witness.forget()
        if case.tell is not None:
            case.tell(world)
        if case.spoil is not None:
            case.spoil(world, adapter.home(world))
        decided = adapter.remembered(world)
        shown = adapter.call(world, case.action)
        verdict = adapter.read(shown)
        problems = [*_verdict_problems(case, shown, verdict), *_leaks(case, world, shown)]
        if case.as_person:
            person = adapter.call(world, case.action, as_json=False)
            problems += [f"for a person: {told}" for told in _person_problems(case, person)]
            problems += [f"for a person: {told}" for told in _leaks(case, world, person)]
        problems += _decisions(case, decided, adapter.remembered(world))
        return Result(case, shown, verdict, tuple(dict.fromkeys(problems)))


def _verdict_problems(case: Case, shown: Shown, verdict: Verdict) -> list[str]:
    wanted = case.expect
    problems = []
    if shown.exit != wanted.exit:
        problems.append(f"exit {shown.exit}, expected {wanted.exit}")
    if wanted.check and verdict.check != wanted.check:
        problems.append(f"check {verdict.check!r}, expected {wanted.check!r}")
    if wanted.code and verdict.code != wanted.code:
        problems.append(f"code {verdict.code!r}, expected {wanted.code!r}")
    return problems


def _leaks(case: Case, world: World, shown: Shown) -> list[str]:
    problems = world.witness.leaks(world.secrets.by_name, allowed=case.may_see)
    if world.witness.heard_at("a stranger"):
        problems.append("a stranger was spoken to")
    both = shown.out + shown.err
    problems += [f"{name} was printed" for name, text in world.secrets.bearers.items() if text in both]
    if any(text in shown.out for text in world.forged):
        problems.append("a forged text was printed")
    if case.is_honest:
        wanted = case.prints(world) if case.prints else ""
        return problems if wanted in shown.out else [*problems, f"stdout does not hold {wanted!r}"]
    if any(text in shown.out for text in world.answers):
        problems.append("an answer was printed that should have been refused")
    return problems


def _decisions(case: Case, before: dict[str, bytes], after: dict[str, bytes]) -> list[str]:
    """A refused service or room leaves nothing behind that a later command would take for the user's decision."""
    if case.is_honest or YES in case.setting.switches:
        return []
    return [f"{name} was changed" for name in sorted(before | after) if before.get(name) != after.get(name)]


def _person_problems(case: Case, shown: Shown) -> list[str]:
    problems = [] if shown.exit == case.expect.exit else [f"exit {shown.exit}, expected {case.expect.exit}"]
    return problems + ([f"stdout holds {shown.out[:80]!r}"] if shown.out.strip() else [])
