"""What the query stage sees where policies come with a function, without one, or not at all."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from runner.rowpolicies import decision
from runner.scope_output import ScopeOutput
from runner.scopefn.answers import Allowed, Denied, Reading
from runner.scopefn.nothing import NothingShown
from runner.stages import sight
from runner.tools.schema import SchemaTool
from runner.tools.vault import VaultTool
from tests.runner.rowpolicies.places import POLICIES, TABLES, Home

NAMES = "def scope(sql, params, rows):\n    return {'allow': True, 'rows': [{'id': r['item_id']} for r in rows]}"
ITEM: Any = SimpleNamespace(item_id="rvi_1", text="canary text", metadata={}, created_at=1.0, size_bytes=11)


def seen_by(home: Home, printed: ScopeOutput) -> Any:
    ctx: Any = SimpleNamespace(
        run=SimpleNamespace(id=home.run_id, tenant=home.tenant),
        room=SimpleNamespace(id=home.room_id),
        tables=list(TABLES),
    )
    return sight.decided(ctx, decision.of(printed))


def test_policies_alone_say_nothing_about_the_vault(filled: Home) -> None:
    with seen_by(filled, ScopeOutput(None, POLICIES)) as seen:
        answer = VaultTool([ITEM], view=seen.vault_view).call({})
        assert json.loads(answer) == {"error": sight.NOBODY_DECIDED}


def test_a_function_decides_about_the_vault_as_ever(filled: Home) -> None:
    with seen_by(filled, ScopeOutput(NAMES, POLICIES)) as seen:
        assert json.loads(VaultTool([ITEM], view=seen.vault_view).call({})) == [{"id": "rvi_1"}]


@pytest.mark.parametrize(("stated", "schema"), [(POLICIES, ""), (None, "public")])
def test_tables_are_listed_as_far_as_they_are_visible(filled: Home, stated: Any, schema: str) -> None:
    with seen_by(filled, ScopeOutput(NAMES, stated)) as seen:
        columns = json.loads(SchemaTool(seen.schema_rows, allowed_tables=seen.tables).call({}))
        assert seen.schema == schema
        named = {(row["table_name"], row["column_name"]) for row in columns}
        assert (("sales", "secret") in named, ("payroll", "salary") in named) == (stated is None, stated is None)
        assert ("outside", "word") not in named


def test_the_view_of_nothing_shows_nothing() -> None:
    answer: Allowed | Denied = NothingShown("because").show(Reading("SELECT 1", (), ["a"], [(1,)]))
    assert answer == Denied("because")
