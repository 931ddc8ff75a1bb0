"""The format of row policies, read strictly."""

from typing import Any

import pytest

from runner.rowpolicies import decision, masks, policies
from runner.rowpolicies.errors import PoliciesInvalid
from runner.scope_output import ScopeOutput

STATED = {
    "sales": {"columns": ["id", "who"], "where": "id > 1", "masks": {"who": "hash", "id": {"bucket": 10}}},
    "teams": {"columns": "*"},
    "counted": {"columns": []},
}


def test_what_was_stated_is_kept_and_has_one_hash() -> None:
    read = policies.parse(STATED)
    assert read.to_wire() == STATED
    assert read.sha256 == policies.parse(dict(reversed(STATED.items()))).sha256
    assert read.sha256 != policies.parse(STATED | {"teams": {"columns": []}}).sha256


def test_what_means_nothing_is_not_kept() -> None:
    plain = policies.parse({"t": {"columns": "*"}})
    assert policies.parse({"t": {"columns": ["*"], "where": None, "masks": None}}) == plain


BAD: dict[str, Any] = {
    "a list": [],
    "a text": "sales",
    "nothing": None,
    "a table without a policy": {"sales": None},
    "a policy without columns": {"sales": {}},
    "columns as a text": {"sales": {"columns": "id"}},
    "columns of numbers": {"sales": {"columns": [1]}},
    "a column twice": {"sales": {"columns": ["id", "id"]}},
    "an empty name": {"": {"columns": "*"}},
    "a name with a NUL": {"a\x00": {"columns": "*"}},
    "a long name": {"a" * 64: {"columns": "*"}},
    "something unknown": {"sales": {"columns": "*", "filter": "id > 1"}},
    "an empty condition": {"sales": {"columns": "*", "where": " "}},
    "a condition that is no text": {"sales": {"columns": "*", "where": True}},
    "a long condition": {"sales": {"columns": "*", "where": "a" * 10_001}},
    "a mask of a hidden column": {"sales": {"columns": ["id"], "masks": {"who": "null"}}},
    "an unknown mask": {"sales": {"columns": "*", "masks": {"who": "rot13"}}},
    "a mask of two": {"sales": {"columns": "*", "masks": {"who": {"left": 1, "bucket": 2}}}},
    "a bucket of nothing": {"sales": {"columns": "*", "masks": {"who": {"bucket": 0}}}},
    "a bucket of half": {"sales": {"columns": "*", "masks": {"who": {"bucket": 0.5}}}},
    "a bucket of yes": {"sales": {"columns": "*", "masks": {"who": {"bucket": True}}}},
    "an unknown unit": {"sales": {"columns": "*", "masks": {"who": {"trunc": "fortnight"}}}},
    "a list as constant": {"sales": {"columns": "*", "masks": {"who": {"constant": []}}}},
    "infinity as constant": {"sales": {"columns": "*", "masks": {"who": {"constant": float("inf")}}}},
    "a lone surrogate": {"sales": {"columns": "*", "where": "a = '\ud800'"}},
    "masks as a list": {"sales": {"columns": "*", "masks": ["who"]}},
    "too many tables": {f"t{n}": {"columns": "*"} for n in range(201)},
}


@pytest.mark.parametrize("name", BAD)
def test_another_shape_is_refused(name: str) -> None:
    with pytest.raises(PoliciesInvalid):
        policies.parse(BAD[name])


def test_null_is_a_mask() -> None:
    assert masks.parse(None, where="t") == masks.parse("null", where="t")


def test_policies_alone_let_a_function_through_that_is_nobodys() -> None:
    alone = decision.of(ScopeOutput(None, {"t": {"columns": "*"}}))
    assert alone.is_implicit and alone.enforcement == ("row_policies",)
    both = decision.of(ScopeOutput("def scope...", {}))
    assert not both.is_implicit and both.enforcement == ("scope_fn", "row_policies")
    assert decision.of(ScopeOutput("def scope...")).enforcement == ("scope_fn",)


def test_a_room_that_demands_them_refuses_a_function_alone() -> None:
    with pytest.raises(PoliciesInvalid, match="requires row policies"):
        decision.of(ScopeOutput("def scope..."), policies_required=True)
