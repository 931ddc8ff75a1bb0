"""Which mode the scope stage works in."""

from dataclasses import replace

import pytest

from runner.scope_mode import ScopeFacts, choose

PLAIN = ScopeFacts(
    override="",
    query_sealed=False,
    vault_items=0,
    query_agent_id="default-query",
    artifacts=False,
    prompt="",
    policy="",
)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, ("fast", "default_fast_path")),
        ({"override": "fast", "query_sealed": True}, ("fast", "operator_override")),
        ({"query_sealed": True, "vault_items": 3}, ("sealed_conservative", "query_agent_inspection_mode_sealed")),
        ({"vault_items": 1}, ("rehearsed", "room_vault_items_present")),
        ({"query_agent_id": "77aa01bc99de"}, ("rehearsed", "custom_or_uploaded_query_agent")),
        ({"artifacts": True, "prompt": "Write a Memo"}, ("rehearsed", "artifact_or_report_prompt")),
        ({"artifacts": False, "prompt": "Write a memo"}, ("fast", "default_fast_path")),
        ({"policy": "x" * 300}, ("rehearsed", "complex_policy")),
        ({"policy": "totals unless small; must not name users"}, ("rehearsed", "complex_policy")),
        ({"policy": "totals unless small"}, ("fast", "default_fast_path")),
    ],
)
def test_the_first_rule_that_matches_decides(changed: dict[str, object], expected: tuple[str, str]) -> None:
    assert choose(replace(PLAIN, **changed)) == expected
