"""A scope agent without a model: turns rules such as ``max rows: 200`` into the room's scope function.

The function itself is in guard.py; this program fills in what the room's rules and tables say, has the bridge check
the result, and prints it. Rules that it cannot follow end the run: a guard that guesses is no guard.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from hivemind_agent import AgentError, Bridge, read_input, read_rules

RULES = ("max rows", "columns", "deny columns", "minimum group size", "vault")
DEFAULT_MAX_ROWS = 100
DEFAULT_MIN_GROUP = 5
LARGEST_SOURCE = 10_000
PERSONAL = re.compile(
    r"(^|_)(id|uuid|guid|e?mail|phone|mobile|ssn|passport|iban|address|ip|token|secret|password|birth\w*|dob)(_|$)"
    r"|e?mail|(first|last|full|user)_?name|user_?id",
    re.IGNORECASE,
)
WORDS = """
select distinct as from where and or not in is null true false like ilike between group by order asc desc nulls
first last limit offset having at time zone interval date timestamp timestamptz text int integer bigint numeric
float extract year quarter month week day dow isodow hour epoch current_date
"""
WORDS_FOR_ROWS = "on join inner left right full outer cross case when then else end"
FUNCTIONS = """
round abs floor ceil ceiling coalesce nullif lower upper trim length date_trunc date_part to_char now cast
"""
AGGREGATES = ["count", "sum", "avg"]
AGGREGATES_FOR_ROWS = ["min", "max"]


class RulesUnclear(Exception):
    """The room's rules say something that cannot be followed."""


def settings(policy: str, schema: list[dict[str, object]]) -> dict[str, object]:
    """What the guard has to know: the rules' numbers, and which names of the schema may be used."""
    stated = read_rules(policy, RULES)
    tables = sorted({str(row["table_name"]) for row in schema})
    columns = sorted({str(row["column_name"]) for row in schema})
    hidden = hidden_columns(stated, columns)
    least, people = group_size(stated, columns)
    rowwise = least <= 1
    return {
        "max_rows": number(stated, "max rows", DEFAULT_MAX_ROWS),
        "min_group": least,
        "people": people,
        "vault": vault_is_open(stated),
        "star": rowwise and not hidden,
        "tables": tables,
        "columns": [name for name in columns if name not in hidden],
        "hidden": hidden,
        "keywords": WORDS.split() + (WORDS_FOR_ROWS.split() if rowwise else []),
        "functions": FUNCTIONS.split(),
        "aggregates": AGGREGATES + (AGGREGATES_FOR_ROWS if rowwise else []),
    }


def hidden_columns(stated: dict[str, list[str]], columns: list[str]) -> list[str]:
    """All but those in ``columns:``, and those in ``deny columns:``; personal-looking names when neither is stated."""
    for name in stated.get("columns", []) + stated.get("deny columns", []):
        if name not in columns:
            raise RulesUnclear(f"The rules name the column {name}, which no table of this room has.")
    if "columns" not in stated and "deny columns" not in stated:
        return [name for name in columns if PERSONAL.search(name)]
    shown = set(stated.get("columns", columns)) - set(stated.get("deny columns", []))
    return [name for name in columns if name not in shown]


def group_size(stated: dict[str, list[str]], columns: list[str]) -> tuple[int, str]:
    """The least size of a group, and the column whose different values are counted ("" for rows)."""
    words = " ".join(stated.get("minimum group size", [str(DEFAULT_MIN_GROUP)])).split()
    people = words[2] if len(words) == 3 and words[1].lower() == "distinct" else ""
    if not words or not words[0].isdigit() or (len(words) > 1 and people not in columns):
        raise RulesUnclear("`minimum group size:` takes a number, or a number and `distinct COLUMN`.")
    return int(words[0]), people


def number(stated: dict[str, list[str]], name: str, default: int) -> int:
    """One whole number. Of several, the strictest."""
    values = stated.get(name, [str(default)])
    if not all(value.isdigit() for value in values):
        raise RulesUnclear(f"`{name}:` takes a whole number.")
    return min(int(value) for value in values)


def vault_is_open(stated: dict[str, list[str]]) -> bool:
    """Whether the vault's documents may be read."""
    words = {value.lower() for value in stated.get("vault", ["allow"])}
    if not words <= {"allow", "deny"}:
        raise RulesUnclear("`vault:` is either allow or deny.")
    return words == {"allow"}


def source_of(known: dict[str, object]) -> str:
    """The scope function's text."""
    guard = Path(__file__).with_name("guard.py").read_text(encoding="utf-8")
    source = f"{guard}\n\ndef rules():\n    return {known!r}\n"
    if len(source) > LARGEST_SOURCE:
        raise RulesUnclear("The room's tables have too many columns for this agent; state fewer with `columns:`.")
    return source


def tests_of(known: dict[str, object]) -> list[dict[str, object]]:
    """Questions that the finished function must answer or refuse, asked where it will run."""
    if not known["tables"]:
        return []
    table, least = str(known["tables"][0]), int(str(known["min_group"]))  # type: ignore[index]
    size = f"count(DISTINCT {known['people']})" if known["people"] else "count(*)"
    counted = f"SELECT {size} AS n FROM {table}"
    many = int(str(known["max_rows"])) + 5
    refused = {"rows": [], "params": [], "expect_allow": False}
    tests = [
        {
            "label": "a large group",
            "sql": counted,
            "rows": [{"n": max(least, 1)}],
            "expect_rows": [{"n": max(least, 1)}],
        },
        {"label": "too many rows", "sql": counted, "rows": [{"n": 10**6}] * many, "expect_allow": True},
        {"label": "two statements", "sql": f"{counted}; {counted}", **refused},
        {"label": "another table", "sql": f"SELECT {size} AS n FROM pg_authid", **refused},
        {"label": "a whole row", "sql": f"SELECT {table}, {size} AS n FROM {table} GROUP BY 1", **refused},
    ]
    for name in list(known["hidden"])[:1]:  # type: ignore[call-overload]
        tests.append(
            {"label": "a hidden column", "sql": f"SELECT {name}, {size} AS n FROM {table} GROUP BY 1", **refused}
        )
    if least > 1:
        tests.append({"label": "single rows", "sql": f"SELECT 1 AS n FROM {table}", **refused})
    return tests


def main() -> int:
    """Print the scope function, or say on stderr why there is none."""
    bridge = Bridge.from_environment()
    try:
        known = settings(read_input("POLICY_CONTEXT", ""), list(bridge.get_schema()))
        source = source_of(known)
        verdict = bridge.verify_scope_fn(source, tests_of(known))
    except (AgentError, RulesUnclear) as problem:
        print(f"No scope function: {problem}", file=sys.stderr)
        return 1
    if not (verdict["compiles"] and verdict["all_tests_passed"]):
        failed = [test.get("label") for test in verdict.get("results", []) if not test.get("passed", True)]
        print(f"The scope function did not pass: {verdict.get('compile_error')} {failed}", file=sys.stderr)
        return 1
    print(json.dumps({"scope_fn": source}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
