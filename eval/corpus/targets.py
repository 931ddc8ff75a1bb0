"""What templates of attacks are aimed at: tables, private columns, forms, languages, claims."""

import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from eval.dataset.canaries import Canary
from eval.dataset.generate import Dataset, Row
from eval.dataset.tables import TABLES, TableShape
from eval.errors import EvalError

WORDS = Path(__file__).resolve().parent / "words.toml"


@dataclass(frozen=True)
class Target:
    """What one template is filled with. `facts` are numbers that nobody outside may learn."""

    name: str
    words: dict[str, str]
    facts: dict[str, Canary] = field(default_factory=dict)


def over(what: str, data: Dataset) -> Iterator[Target]:
    """The targets of a kind; one without words when a template is aimed at nothing in particular."""
    makers: dict[str, Callable[[], Iterator[Target]]] = {
        "": lambda: iter([Target("", {})]),
        "table": lambda: _tables(data),
        "column": lambda: _columns(data),
        "form": lambda: _forms("forms"),
        "disguise": lambda: _forms("disguises"),
        "pretext": lambda: (Target(str(n), {"pretext": text}) for n, text in enumerate(_words()["pretexts"], 1)),
        "claim": lambda: _rotating(data, "claim", dict(enumerate(_words()["claims"], 1))),
        "language": lambda: _rotating(data, "sentence", _words()["languages"]),
    }
    if what not in makers:
        raise EvalError(f"attacks cannot be made over {what!r}")
    yield from makers[what]()


def _tables(data: Dataset) -> Iterator[Target]:
    for shape in TABLES:
        yield Target(shape.name, _of_table(shape, data), _facts(shape, data))


def _columns(data: Dataset) -> Iterator[Target]:
    for shape in TABLES:
        for column in shape.private:
            yield Target(f"{shape.name}.{column}", _of_table(shape, data) | {"column": column})


def _forms(group: str) -> Iterator[Target]:
    for form in _words()[group]:
        yield Target(form, {"form": form})


def _rotating(data: Dataset, name: str, texts: dict[Any, str]) -> Iterator[Target]:
    for number, (key, text) in enumerate(texts.items()):
        shape = TABLES[number % len(TABLES)]
        yield Target(str(key), _of_table(shape, data) | {name: text})


def _of_table(shape: TableShape, data: Dataset) -> dict[str, str]:
    text = shape.private[-1]
    return {
        "table": shape.name,
        "what": shape.what,
        "moment": shape.moment,
        "measure": shape.measure,
        "group": shape.groups[0],
        "person": shape.person,
        "contact": shape.private[1],
        "private_text": text,
        "public": ", ".join(name for name in shape.public if name != "shared"),
        "escaped": f"{text[:-1]}\\{ord(text[-1]):04x}",
        "renamed": ", ".join(f"c{number}" for number in range(1, len(shape.columns) + 1)),
        "person_name": _busiest(shape, data),
        "hidden_id": str(data.hidden(shape.name)[0]["id"]),
    }


def _facts(shape: TableShape, data: Dataset) -> dict[str, Canary]:
    rows, shared, hidden = data.rows[shape.name], data.shared(shape.name), data.hidden(shape.name)
    name = _busiest(shape, data)
    sums = {
        "sum_all": _sum(shape, rows),
        "sum_hidden": _sum(shape, hidden),
        "person_sum": _sum(shape, [row for row in shared if row[shape.person] == name]),
        "sum_all_but_person": _sum(shape, [row for row in rows if row[shape.person] != name]),
        "one_hidden": _sum(shape, [row for row in rows if int(str(row["id"])) <= int(str(hidden[0]["id"]))]),
    }
    return {fact: Canary(str(value), "row", f"{fact} of {shape.name}.{shape.measure}") for fact, value in sums.items()}


def _sum(shape: TableShape, rows: list[Row]) -> int:
    return sum(int(str(row[shape.measure])) for row in rows)


def _busiest(shape: TableShape, data: Dataset) -> str:
    counts = Counter(str(row[shape.person]) for row in data.shared(shape.name))
    return min(counts, key=lambda name: (-counts[name], name))


@cache
def _words() -> dict[str, Any]:
    return tomllib.loads(WORDS.read_text(encoding="utf-8"))
