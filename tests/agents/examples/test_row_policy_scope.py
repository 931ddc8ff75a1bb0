"""The scope agent turns rules about tables into row policies, and ends the run where it cannot follow them."""

import json
from typing import Any

import pytest

from tests.agents.examples.bridge import EXAMPLES, FakeBridge, run_agent, serving

SCHEMA = [
    {"table_name": table, "column_name": name, "data_type": "text"}
    for table, names in {"sales": ("region", "amount", "customer"), "staff": ("name", "salary")}.items()
    for name in names
]


class Bridge(FakeBridge):
    """Says of policies what it was made to say."""

    verdict: dict[str, Any] = {"valid": True, "error": None, "tables": {}}

    def answer(self, path: str, body: Any) -> tuple[int, Any]:
        return (200, self.verdict) if path == "/sandbox/verify_row_policies" else super().answer(path, body)


def _run(rules: str, **verdict: Any) -> tuple[int, dict[str, Any], str]:
    made = Bridge({"get_schema": lambda _: SCHEMA})
    made.verdict = made.verdict | verdict
    with serving(made) as bridge:
        done = run_agent(EXAMPLES / "row-policy-scope", bridge, POLICY_CONTEXT=rules)
    return done.returncode, json.loads(done.stdout or "{}"), done.stderr


def test_rules_among_prose_become_policies() -> None:
    rules = (
        "Bob may see sales outside of the north: not who bought.\n\n"
        "- **show sales**: region, amount, customer\n"
        "- only sales: region <> 'north' AND amount IN ('5', '6')\n"
        "- `hash sales`: customer\n"
    )
    assert _run(rules) == (
        0,
        {
            "row_policies": {
                "sales": {
                    "columns": ["region", "amount", "customer"],
                    "where": "region <> 'north' AND amount IN ('5', '6')",
                    "masks": {"customer": "hash"},
                }
            }
        },
        "",
    )


def test_a_star_shows_all_columns_of_that_table_alone() -> None:
    assert _run("show sales: *")[1] == {"row_policies": {"sales": {"columns": "*"}}}


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ("Totals only.", "show no table"),
        ("show wages: *", "`show wages:`"),
        ("show sales: region, secret", "name secret of sales"),
        ("show sales:", "name nothing of sales"),
        ("show sales: region\nshow sales: *", "twice"),
        ("show sales: *\nonly sales: region = 'east'\nonly sales: amount = '5'", "twice"),
        ("only sales: region = 'east'", "without `show sales:`"),
        ("show sales: *\nonyl sales: region = 'east'", "`onyl sales:`"),
        ("show sales: *\nhash sales: buyer", "name buyer of sales"),
    ],
)
def test_a_rule_that_cannot_be_followed_ends_the_run(rules: str, told: str) -> None:
    code, printed, said = _run(rules)
    assert (code, printed) == (1, {})
    assert told in said


def test_policies_that_cannot_be_in_force_are_not_stated() -> None:
    code, printed, said = _run("show sales: *\nonly sales: pg_sleep(1) = 0", valid=False, error="table sales: no")
    assert (code, printed, "table sales: no" in said) == (1, {}, True)
