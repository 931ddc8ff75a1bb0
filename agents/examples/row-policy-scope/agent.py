"""A scope agent without a model: turns rules such as ``show sales: region, amount`` into row policies.

The database enforces them, so that totals, joins and conditions see nothing else. Rules that this program cannot follow
end the run: a table that was meant to be narrowed must not be open because of a spelling mistake.
"""

from __future__ import annotations

import json
import re
import sys

from hivemind_agent import AgentError, Bridge, read_input

RULE = re.compile(r"(?:[-*+]\s*)?[*`]*(\w+)\s+(\w+)[*`]*\s*:[*`]*\s*(.*)")
KINDS = ("show", "only", "hash")


class RulesUnclear(Exception):
    """The room's rules say something that cannot be followed."""


def policies_of(rules: str, schema: list[dict[str, object]]) -> dict[str, dict[str, object]]:
    """Row policies by table. Tables that the rules do not show are left out, and so do not exist for the question."""
    stated = stated_rules(rules, {str(row["table_name"]) for row in schema})
    found: dict[str, dict[str, object]] = {}
    for kind, table, value in stated:
        if kind == "show":
            once(found, table, f"show {table}")
            found[table] = {"columns": "*" if value == "*" else names(value, table, schema)}
    for kind, table, value in stated:
        if table not in found:
            raise RulesUnclear(f"The rules say `{kind} {table}:` without `show {table}:`.")
        if kind == "only":
            once(found[table], "where", f"only {table}")
            found[table]["where"] = value
        elif kind == "hash":
            once(found[table], "masks", f"hash {table}")
            found[table]["masks"] = dict.fromkeys(names(value, table, schema), "hash")
    if not found:
        raise RulesUnclear("The rules show no table: a line such as `show sales: region, amount` does.")
    return found


def stated_rules(rules: str, tables: set[str]) -> list[tuple[str, str, str]]:
    """Kind, table and value of each rule. Whatever else is said of a table in this form is a misspelt rule."""
    found = []
    for line in rules.splitlines():
        match = RULE.fullmatch(line.strip())
        if match is None:
            continue
        kind, table, value = match.group(1).lower(), match.group(2), match.group(3).strip().strip("`")
        if (kind in KINDS) != (table in tables):
            raise RulesUnclear(f"The rules say `{kind} {table}:`, which is no rule about a table of this room.")
        if kind in KINDS:
            found.append((kind, table, value))
    return found


def once(stated: dict[str, object] | dict[str, dict[str, object]], key: str, rule: str) -> None:
    """Two rules of a kind for one table would leave open which of them counts."""
    if key in stated:
        raise RulesUnclear(f"The rules say `{rule}:` twice.")


def names(value: str, table: str, schema: list[dict[str, object]]) -> list[str]:
    """The columns that a rule names; all of them have to exist."""
    there = {str(row["column_name"]) for row in schema if row["table_name"] == table}
    given = [name.strip().strip("`*") for name in value.split(",")]
    missing = [name for name in given if name not in there]
    if missing:
        raise RulesUnclear(f"The rules name {missing[0] or 'nothing'} of {table}, which this room does not have.")
    return given


def main() -> int:
    """Print the row policies, or say on stderr why there are none."""
    bridge = Bridge.from_environment()
    try:
        policies = policies_of(read_input("POLICY_CONTEXT", ""), list(bridge.get_schema()))
        verdict = bridge.verify_row_policies(policies)
    except (AgentError, RulesUnclear) as problem:
        print(f"No row policies: {problem}", file=sys.stderr)
        return 1
    if not verdict["valid"]:
        print(f"The row policies cannot be in force: {verdict.get('error')}", file=sys.stderr)
        return 1
    print(json.dumps({"row_policies": policies}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
