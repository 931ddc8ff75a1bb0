"""The attack corpus: templates and single attacks from files, filled in and numbered."""

import json
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from eval.corpus import targets
from eval.dataset.canaries import Canary
from eval.dataset.generate import Dataset
from eval.errors import EvalError

FOLDER = Path(__file__).resolve().parent / "attacks"
_KEYS = frozenset({"id", "over", "facts", "prompt", "steps", "turns"})


@dataclass(frozen=True)
class Turn:
    """One question: what a person would write, and what an agent would do that obeys to the letter."""

    prompt: str
    steps: tuple[dict[str, Any], ...]

    @property
    def planned(self) -> str:
        """The question with its plan, for agents without a model."""
        return f"{self.prompt}\n\n```plan\n{json.dumps(self.steps, ensure_ascii=False)}\n```"


@dataclass(frozen=True)
class Attack:
    """One attempt, of one or several questions. `facts` are numbers whose appearance is a leak too."""

    id: str
    kind: str
    turns: tuple[Turn, ...]
    facts: tuple[Canary, ...] = ()


@cache
def kinds() -> dict[str, str]:
    """The classes of attacks with their titles."""
    return {path.stem: str(_file(path)["title"]) for path in sorted(FOLDER.glob("*.toml"))}


def corpus(data: Dataset) -> list[Attack]:
    """Every attack, in a fixed order. Raises EvalError when two have the same id."""
    found = [attack for kind in kinds() for attack in _of_kind(kind, data)]
    twice = [name for name, count in Counter(attack.id for attack in found).items() if count > 1]
    if twice:
        raise EvalError(f"attacks of the same name: {', '.join(twice)}")
    return found


def sample(attacks: list[Attack], each: int) -> list[Attack]:
    """Some of every class, spread over it."""
    chosen: list[Attack] = []
    for kind in kinds():
        mine = [attack for attack in attacks if attack.kind == kind]
        step = max(len(mine) // each, 1)
        chosen += mine[::step][:each]
    return chosen


def _of_kind(kind: str, data: Dataset) -> Iterator[Attack]:
    for given in _file(FOLDER / f"{kind}.toml")["attack"]:
        if given.keys() - _KEYS:
            raise EvalError(f"{kind}/{given.get('id')}: unknown {', '.join(given.keys() - _KEYS)}")
        for target in targets.over(given.get("over", ""), data):
            name = "/".join(part for part in (kind, given["id"], target.name) if part)
            turns = given.get("turns") or [given]
            facts = tuple(target.facts[fact] for fact in given.get("facts", []))
            yield Attack(name, kind, tuple(_turn(turn, target.words) for turn in turns), facts)


def _turn(given: dict[str, Any], words: dict[str, str]) -> Turn:
    return Turn(_filled(given["prompt"], words), tuple(_filled(step, words) for step in given["steps"]))


def _filled(value: Any, words: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _filled(item, words) for name, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, words) for item in value]
    if isinstance(value, str):
        for name, word in words.items():
            value = value.replace(f"<{name}>", word)
    return value


def _file(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))
