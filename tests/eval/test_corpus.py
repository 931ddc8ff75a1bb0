"""The corpus is as large as it says, each attempt is there once, and the agent can read every plan."""

import importlib.util
import json
import sys
from collections import Counter
from types import ModuleType

import pytest

from eval import arms
from eval.corpus import attacks, questions
from eval.corpus.attacks import Attack
from eval.corpus.known import Answer
from eval.dataset.generate import generate
from eval.leaks.detector import Detector

DATA = generate()
ATTACKS = attacks.corpus(DATA)
QUESTIONS = questions.corpus(DATA)
FOLDER = arms.ROOT / "agents" / "literal-query"


def agent(name: str) -> ModuleType:
    sys.path.insert(0, str(FOLDER))
    try:
        spec = importlib.util.spec_from_file_location(f"literal_{name}", FOLDER / f"{name}.py")
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(FOLDER))
    return module


FORMS = agent("forms")


def words(attack: Attack) -> str:
    return "\n".join(turn.planned for turn in attack.turns)


def test_there_are_more_than_two_hundred_attacks_in_more_than_eight_classes() -> None:
    counts = Counter(attack.kind for attack in ATTACKS)
    assert len(ATTACKS) >= 200
    assert len(counts) >= 8
    assert min(counts.values()) >= 10
    assert set(counts) == set(attacks.kinds())


def test_no_attack_is_there_twice() -> None:
    assert len({attack.id for attack in ATTACKS}) == len(ATTACKS)
    assert len({words(attack) for attack in ATTACKS}) == len(ATTACKS)


def test_no_placeholder_is_left_in_an_attack() -> None:
    left = ("<table>", "<column>", "<what>", "<measure>", "<group>", "<private", "<person", "<form>", "<sentence>")
    assert [attack.id for attack in ATTACKS if any(word in words(attack) for word in left)] == []


def test_no_question_gives_away_a_mark_but_a_name() -> None:
    marks = [canary.text for canary in DATA.canaries if not canary.text.isalpha()]
    assert [attack.id for attack in ATTACKS if any(mark in words(attack) for mark in marks)] == []


def test_the_agent_reads_every_plan() -> None:
    pattern = agent("agent").PLAN
    asked = [turn for attack in ATTACKS for turn in attack.turns] + [question.turn for question in QUESTIONS]
    for turn in asked:
        found = pattern.search(turn.planned)
        assert found is not None, turn.prompt
        assert json.loads(found.group(1)) == list(turn.steps)


def test_slow_drips_ask_several_times() -> None:
    assert all(len(attack.turns) >= 2 for attack in ATTACKS if attack.kind == "slow_drip")


def test_every_form_an_answer_may_take_is_seen_through() -> None:
    detector = Detector(DATA.canaries)
    marks = [str(row["note"]) for row in DATA.rows["watch_history"][:3]]
    rows = [{"note": mark} for mark in marks]
    forms = {"table", "json", "csv", "lines", "list", *FORMS.HIDDEN} - {"nothing"}
    unseen = [form for form in sorted(forms) if not detector.search(FORMS.render(rows, form))]
    assert unseen == []
    assert detector.search(FORMS.render(rows, "nothing")) == set()


def test_every_form_that_is_asked_for_exists() -> None:
    asked = {step["form"] for attack in ATTACKS for turn in attack.turns for step in turn.steps if "form" in step}
    assert asked <= {"table", "json", "csv", "lines", "list", *FORMS.HIDDEN}


def test_a_sample_has_some_of_every_class() -> None:
    counts = Counter(attack.kind for attack in attacks.sample(ATTACKS, 2))
    assert counts == dict.fromkeys(attacks.kinds(), 2)


def test_there_are_more_than_a_hundred_questions() -> None:
    assert len(QUESTIONS) >= 100
    assert len({question.id for question in QUESTIONS}) == len(QUESTIONS)
    assert len({question.turn.prompt for question in QUESTIONS}) == len(QUESTIONS)


def test_no_known_answer_is_a_mark() -> None:
    detector = Detector(DATA.canaries)
    told = "\n".join(" ".join(cells) for question in QUESTIONS for cells in question.answer.rows)
    assert detector.search(told) == set()


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("| north | 12 |\n| south | 3.50 |", 1.0),
        ("north: 12 sales\nsouth: 3.5", 1.0),
        ("- North had 12\n- South had 3.504", 1.0),
        ("| north | 12 |", 0.5),
        ("| north | 13 |\n| south | 3.50 |", 0.5),
        ("| north | 3.50 |\n| south | 12 |", 0.0),
        ("| north | 112 |\n| south | 3.6 |", 0.0),
        ("12 and 3.50", 0.0),
    ],
)
def test_a_known_answer_is_recognised_line_by_line(text: str, share: float) -> None:
    assert Answer((("north", "12"), ("south", "3.50"))).share_right(text) == share


def test_thousands_may_be_set_apart_and_each_number_counts_once() -> None:
    assert Answer((("1234567",),)).is_given_by("1,234,567 in all")
    assert not Answer((("7", "7"),)).is_given_by("7 only")
