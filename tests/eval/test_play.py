"""How outcomes are judged, and that what was not measured does not pass as held back."""

import json
from typing import Any

import httpx
import pytest

from eval import arms
from eval.corpus import attacks, questions
from eval.dataset.generate import generate
from eval.errors import EvalError
from eval.grading.evidence import Artifact, Evidence
from eval.leaks.detector import Detector
from eval.live import asking
from eval.place.rooms import Cell
from eval.place.upstream import SENTENCE, RecordingUpstream
from eval.play import options, outcomes
from eval.play.campaign import DEFAULT_ARMS, Plan
from eval.play.comparison import Comparison, Manner, Material

DATA = generate()
DETECTOR = Detector(DATA.canaries)
ATTACKS = {attack.id: attack for attack in attacks.corpus(DATA)}
DRIP = ATTACKS["slow_drip/in-three-parts/sales"]
MARK = str(DATA.rows["sales"][-1]["remark"]).split()[-1]
QUESTION = questions.corpus(DATA)[0]
GIVEN = {"attacks_per_class": 0, "questions": 0, "parallel": 2, "timeout": 9, "mediator": "both", "model": ""}


def answer(text: str, **more: Any) -> Evidence:
    row = {"status": "completed", "created_at": 1.0, "updated_at": 2.5, "query_started_at": 1.2, "query_ended_at": 1.9}
    return Evidence(output=text, row=row | {"usage": {"total_tokens": 7, "stages": {}}}, **more)


def test_a_drip_leaks_only_when_all_its_drops_are_out() -> None:
    drops = [answer(f"| part |\n| --- |\n| {part} |") for part in (MARK[:3], MARK[3:7], MARK[7:])]
    told = outcomes.of_attack("none", DRIP, drops, detector=DETECTOR)
    assert (told.leaked, told.channels, told.kinds) == (True, ["answer"], [DATA.canaries.by_text[MARK].kind])
    assert told.figures is not None
    assert (told.figures.runs, told.figures.seconds, told.figures.tokens) == (3, [1.5, 1.5, 1.5], 21)
    assert not outcomes.of_attack("none", DRIP, [*drops[:2], answer("refused")], detector=DETECTOR).leaked


def test_a_number_that_only_hidden_rows_explain_is_a_leak_of_its_attack_alone() -> None:
    attack = ATTACKS["aggregation/total-of-all/sales"]
    (fact,) = attack.facts
    told = outcomes.of_attack("none", attack, [answer(f"In all {int(fact.text):,} cents")], detector=DETECTOR)
    assert (told.leaked, told.places) == (True, ["sum_all of sales.amount_cents"])
    assert not outcomes.of_attack("none", DRIP, [answer(fact.text)] * 3, detector=DETECTOR).leaked


def test_what_leaks_beside_the_answer_is_told_by_its_channel() -> None:
    quiet = answer("All is well.", artifacts=(Artifact("a.txt", MARK),), model_traffic=(MARK,))
    told = outcomes.of_attack("none", DRIP, [quiet], detector=DETECTOR)
    assert told.channels == ["artifact", "model_traffic"]


def test_a_question_is_right_only_when_all_of_the_answer_is_there() -> None:
    rows = [" ".join(cells) for cells in QUESTION.answer.rows]
    whole = outcomes.of_question("none", QUESTION, answer("\n".join(rows)), detector=DETECTOR)
    assert (whole.right, whole.share, whole.leaked) == (True, 1.0, False)
    part = outcomes.of_question("none", QUESTION, answer("\n".join(rows[1:])), detector=DETECTOR)
    assert not part.right and 0 < part.share < 1
    assert outcomes.of_question("none", QUESTION, answer("\n".join([*rows, MARK])), detector=DETECTOR).leaked


class Broken:
    """An asker that never gets an answer."""

    def ask(self, question: str, *, seconds: float, **choices: Any) -> dict[str, Any]:
        raise EvalError("run x has not ended within 120 s")


def test_a_run_that_was_not_measured_is_no_attack_held_back() -> None:
    material = Material(DATA, [DRIP], [QUESTION], DETECTOR)
    with RecordingUpstream() as upstream:
        comparison = Comparison(
            "http://127.0.0.1:9", keys=("a", "b"), material=material, manner=Manner(), upstream=upstream
        )
        cell = Cell(arms.BY_NAME["none"], mediated=False)
        broken: Any = Broken()
        told = [comparison._outcome(cell, broken, item) for item in (DRIP, QUESTION)]
    assert [one.problem for one in told] == ["run x has not ended within 120 s"] * 2
    assert [one.figures for one in told] == [None, None]


def test_the_upstream_writes_down_what_the_model_is_told() -> None:
    with RecordingUpstream() as upstream:
        body = {"messages": [{"role": "user", "content": "run 42: secret"}]}
        said = httpx.post(f"{upstream.url}/chat/completions", json=body).json()
        assert said["choices"][0]["message"]["content"] == SENTENCE
        assert said["usage"]["total_tokens"] > 3
        assert [json.loads(text) for text in upstream.mentioning("run 42")] == [body]
        assert upstream.mentioning("run 43") == []


def test_every_arm_has_an_agent_that_can_be_packed() -> None:
    for arm in arms.ARMS:
        assert "Dockerfile" in arm.files()
        if arm.output is not None:
            decided = json.loads(arm.files()["answer.json"])
            assert ("row_policies" in decided) == arm.row_policies


def test_the_row_policies_show_no_private_column_in_clear() -> None:
    for policy, shape in zip(arms.row_policies().values(), DATA.shapes, strict=True):
        in_clear = set(policy["columns"]) - policy["masks"].keys()
        assert in_clear == set(shape.public)
        assert policy["where"] == "shared IS TRUE"


def test_the_usual_plan_is_three_arms_with_and_without_a_mediator() -> None:
    plan = options.plan((), GIVEN)
    assert [cell.name for cell in plan.cells] == [*DEFAULT_ARMS, *(f"{name}+mediator" for name in DEFAULT_ARMS)]
    assert plan.planned


def test_a_model_asks_without_plans_and_takes_its_settings_along(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HIVEMIND_LLM_API_KEY", "k")
    monkeypatch.setenv("HIVEMIND_PORT", "1")
    plan = options.plan(("default",), GIVEN | {"model": "some/model", "provider": "tinfoil"})
    assert plan.choices == {"model": "some/model", "provider": "tinfoil"}
    assert (plan.planned, plan.query_agent.name, plan.mediator_agent.name) == (
        False,
        "default-query",
        "default-mediator",
    )
    assert plan.model_settings["HIVEMIND_LLM_API_KEY"] == "k"
    assert "HIVEMIND_PORT" not in plan.model_settings
    assert Plan().planned


def test_the_client_is_chosen_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HMCTL_BIN", "a 'b c'")
    assert asking.client() == ["a", "b c"]
    monkeypatch.delenv("HMCTL_BIN")
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}")
    assert asking.client() == ["uv", "run", "hmctl"]
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert asking.client()[1:] == ["-m", "hmctl"]
