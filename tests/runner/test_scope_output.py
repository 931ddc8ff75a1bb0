"""Finding what was decided in what an agent printed."""

import json
import time

import pytest

from runner.scope_output import NoScopeFunction, ScopeOutput, read


def extract(text: str) -> str | None:
    return read(text).scope_fn


def test_the_last_object_with_the_key_wins() -> None:
    text = 'log {"scope_fn": "first"} noise {"other": 1} {"a": {"scope_fn": "second"}} end'
    assert extract(text) == "second"


def test_braces_in_prose_do_not_hide_the_object() -> None:
    assert extract('{{ not json }} {"scope_fn": "def scope(sql, params, rows): ..."} }') == (
        "def scope(sql, params, rows): ..."
    )


@pytest.mark.parametrize(
    "text", ["", "no json", "{}", '{"scope_fn": 7}', '{"scope_fn": "ok"} {"scope_fn": null}', "[1]"]
)
def test_anything_but_a_string_is_refused(text: str) -> None:
    with pytest.raises(NoScopeFunction):
        extract(text)


def test_a_function_and_row_policies_of_one_object_belong_together() -> None:
    text = 'draft {"scope_fn": "first"} {"scope_fn": "f", "row_policies": {"sales": {"columns": "*"}}}'
    assert read(text) == ScopeOutput("f", {"sales": {"columns": "*"}})


def test_row_policies_may_stand_alone_and_tables_may_have_any_name() -> None:
    assert read('{"row_policies": {"scope_fn": {"columns": []}}}') == ScopeOutput(None, {"scope_fn": {"columns": []}})
    assert read('{"row_policies": {}}') == ScopeOutput(None, {})


def test_null_is_no_statement() -> None:
    assert read('{"scope_fn": "f", "row_policies": null}') == ScopeOutput("f")
    assert read('{"scope_fn": null, "row_policies": {}}') == ScopeOutput(None, {})


@pytest.mark.parametrize(
    "text",
    [
        '{"row_policies": {}} {"scope_fn": "f"}',
        '{"scope_fn": "f"} {"row_policies": {}}',
        '{"scope_fn": "f", "row_policies": {}} and again {"scope_fn": "f"}',
        '{"a": {"row_policies": {}}, "scope_fn": "f"}',
        '{"scope_fn": {"row_policies": {}}}',
        '{"scope_fn": 7, "row_policies": {}}',
    ],
)
def test_nothing_that_was_decided_is_forgotten(text: str) -> None:
    with pytest.raises(NoScopeFunction):
        read(text)


@pytest.mark.parametrize(
    "hostile",
    [
        "{" * 1_000_000,
        '{"a":' * 200_000,
        '{"a":[' * 150_000,
        '{"k":"' + "x" * 500_000 + '{"' * 250_000,
        "x" * 5_000_000,
    ],
)
def test_hostile_output_cannot_keep_a_worker_busy(hostile: str) -> None:
    started = time.monotonic()
    with pytest.raises(NoScopeFunction):
        extract(hostile)
    assert time.monotonic() - started < 20  # quadratic work on these would take minutes


def test_a_deeply_nested_object_is_searched_without_recursion() -> None:
    value: object = {"scope_fn": "deep"}
    for _ in range(400):
        value = {"x": [value]}
    assert extract(json.dumps(value)) == "deep"
