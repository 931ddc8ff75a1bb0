"""Whatever SELECT is made up: over the views and over the twin without hidden rows it answers the same."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy, composite

from runner.tools.sql import SqlTool

NUMBERS = ("id", "amount", "units")
TEXTS = ("region", "customer", "note")
COLUMNS = (*NUMBERS, *TEXTS, "day", "sold_at")
AGGREGATES = ("count", "min", "max", "count(DISTINCT {})")


def values(column: str) -> SearchStrategy[str]:
    """Constants to compare a column with: some are of hidden rows only."""
    if column in NUMBERS:
        return st.sampled_from(["0", "30", "60", "100", "666", "5004", "5.5", "1000"])
    if column in TEXTS:
        return st.sampled_from(["'EU'", "'US'", "'UK'", "'canary 30'", "'canary-7'", "'ca'", "'cu'", "'note 1'"])
    return st.sampled_from(["'2024-01-01'", "'2024-03-17'", "'2024-02-01'"])


@composite
def predicates(draw: st.DrawFn, of: str, depth: int = 2) -> str:
    """A condition over the columns of one alias that never fails."""
    column = draw(st.sampled_from(COLUMNS))
    name = f"{of}.{column}"
    kind = draw(st.integers(0, 7 if depth else 4))
    match kind:
        case 0:
            return f"{name} {draw(st.sampled_from(['=', '<>', '<', '>=']))} {draw(values(column))}"
        case 1:
            return f"{name} IS {draw(st.sampled_from(['', 'NOT ']))}NULL"
        case 2:
            return f"{name}::text LIKE {draw(st.sampled_from(['canary%%', '%%3%%', 'note%%', '_a%%']))!r}"
        case 3:
            return f"{name} IN ({draw(values(column))}, {draw(values(column))})"
        case 4:
            return f"{of}.tags ->> 'kind' = {draw(st.sampled_from(['a', 'b']))!r}"
        case 5:
            return f"NOT ({draw(predicates(of, depth - 1))})"
        case 6:
            inner = draw(predicates("i", depth - 1))
            return f"EXISTS (SELECT 1 FROM sales i WHERE i.region = {of}.region AND {inner})"
        case _:
            word = draw(st.sampled_from(["AND", "OR"]))
            return f"({draw(predicates(of, depth - 1))} {word} {draw(predicates(of, depth - 1))})"


@composite
def expressions(draw: st.DrawFn, of: str) -> str:
    """A value of a row."""
    column = draw(st.sampled_from(COLUMNS))
    return draw(
        st.sampled_from(
            [
                f"{of}.{column}",
                f"coalesce({of}.{column}::text, 'none')",
                f"length({of}.note)",
                f"{of}.amount * 2 + {of}.id",
                f"(SELECT max(x.amount) FROM sales x WHERE x.region = {of}.region)",
                f"to_jsonb({of})",
                f"{of}::text",
                f"CASE WHEN {draw(predicates(of, 0))} THEN 'yes' ELSE 'no' END",
                f"row_number() OVER (ORDER BY {of}.id)",
                f"sum({of}.amount) OVER (PARTITION BY {of}.region)",
            ]
        )
    )


SOURCES = (
    "sales s",
    "(SELECT * FROM sales) s",
    "sales s JOIN teams t ON t.region = s.region",
    "sales s LEFT JOIN sales u ON u.id = s.id + 5",
    "sales s NATURAL JOIN teams",
    "teams t JOIN LATERAL (SELECT * FROM sales l WHERE l.region = t.region) s ON true",
    "sales s FULL JOIN teams t ON t.id = s.id",
)


@composite
def selects(draw: st.DrawFn) -> str:
    """One SELECT, of rows, of groups, or of two of them put together."""
    source, where = draw(st.sampled_from(SOURCES)), draw(predicates("s"))
    if draw(st.booleans()):
        shown = ", ".join(draw(st.lists(expressions("s"), min_size=1, max_size=3)))
        return f"SELECT {draw(st.sampled_from(['', 'DISTINCT ']))}{shown} FROM {source} WHERE {where}"
    by = draw(st.sampled_from(COLUMNS))
    wanted = draw(st.sampled_from(COLUMNS))
    aggregate = draw(st.sampled_from(AGGREGATES))
    call = aggregate.format(f"s.{wanted}") if "{}" in aggregate else f"{aggregate}(s.{wanted})"
    having = draw(st.sampled_from(["", " HAVING count(*) > 2", f" HAVING bool_or({where})"]))
    group = draw(st.sampled_from([f"s.{by}", f"ROLLUP (s.{by})", f"GROUPING SETS ((s.{by}), ())"]))
    one = f"SELECT s.{by}, {call}, count(*) FROM {source} WHERE {where} GROUP BY {group}{having}"
    word = draw(st.sampled_from(["", "", "UNION ALL", "EXCEPT", "INTERSECT"]))
    return f"{one} {word} SELECT s.{by}, {call}, count(*) FROM sales s GROUP BY s.{by}" if word else one


def asked(tool: SqlTool, statement: str) -> object:
    answer = json.loads(tool.call({"sql": statement, "params": []}))
    return sorted(answer, key=lambda row: json.dumps(row, sort_keys=True)) if isinstance(answer, list) else answer


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(statement=selects())
def test_any_select_answers_as_over_the_permitted_rows(seeing: SqlTool, knowing: SqlTool, statement: str) -> None:
    assert asked(seeing, statement) == asked(knowing, statement)


def test_most_made_up_statements_are_answered(seeing: SqlTool) -> None:
    outcomes: list[bool] = []

    @settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(statement=selects())
    def ask(statement: str) -> None:
        outcomes.append(isinstance(asked(seeing, statement), list))

    ask()
    assert sum(outcomes) / len(outcomes) > 0.7
