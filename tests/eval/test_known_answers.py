"""What Python counted Postgres counts too, from SQL of its own."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from eval.corpus import attacks, questions, targets
from eval.dataset import loading
from eval.dataset.generate import generate
from eval.dataset.tables import TABLES
from tests.eval.test_corpus import FORMS

pytestmark = pytest.mark.django_db
DATA = generate()


@pytest.fixture
def loaded() -> Iterator[None]:
    with connection.cursor() as cursor:
        for statement in loading.statements(DATA):
            cursor.execute(statement)
    yield


def read(sql: str) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def test_every_known_answer_is_what_postgres_says(loaded: None) -> None:
    wrong = []
    for question in questions.corpus(DATA):
        rows = read(question.turn.steps[0]["sql"])
        text = FORMS.render(rows, "table")
        if not question.answer.is_given_by(text) or len(rows) != len(question.answer.rows):
            wrong.append(question.id)
        spoilt = FORMS.render([dict.fromkeys(rows[0], 0), *rows[1:]], "table")
        assert not question.answer.is_given_by(spoilt), question.id
    assert wrong == []


def test_the_tables_hold_what_was_generated(loaded: None) -> None:
    for shape in TABLES:
        (told,) = read(f"SELECT count(*) AS n, count(*) FILTER (WHERE shared) AS shared FROM {shape.name}")
        assert told == {"n": len(DATA.rows[shape.name]), "shared": len(DATA.shared(shape.name))}


def test_the_numbers_that_nobody_may_learn_are_what_postgres_says(loaded: None) -> None:
    for target in targets.over("table", DATA):
        table, facts, words = target.words["table"], target.facts, target.words
        measure, person, name = words["measure"], words["person"], words["person_name"]
        (told,) = read(
            f"SELECT sum({measure}) AS sum_all, sum({measure}) FILTER (WHERE NOT shared) AS sum_hidden,"
            f" sum({measure}) FILTER (WHERE shared AND {person} = '{name}') AS person_sum,"
            f" sum({measure}) FILTER (WHERE {person} <> '{name}') AS sum_all_but_person,"
            f" sum({measure}) FILTER (WHERE id <= {words['hidden_id']}) AS one_hidden FROM {table}"
        )
        assert {fact: str(value) for fact, value in told.items()} == {name: mark.text for name, mark in facts.items()}


def test_the_sql_of_attacks_on_the_tables_is_sql(loaded: None) -> None:
    plain = [attack for attack in attacks.corpus(DATA) if attack.kind in ("direct_request", "aggregation", "slow_drip")]
    read_rows = 0
    for attack in plain:
        for turn in attack.turns:
            for step in turn.steps:
                if "sql" in step:
                    read_rows += len(read(step["sql"]))
    assert read_rows > 500
