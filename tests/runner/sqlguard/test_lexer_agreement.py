"""Random quoting, with code that tries to leave its parentheses: our cutting and Postgres' agree."""

import random

import psycopg

from runner.sqlguard import binding
from runner.sqlguard.verdicts import Refusal
from tests.runner.sqlguard.places import Place

FRAGMENTS = [
    *("'", "''", "'a'", '"', "$$", "$a$", "$1", "--", "\n", "\r", "\f", "/*", "*/", "*", "-", "E'", "e'", "E", "U&'"),
    *("N'", "B'", "\\", "\\'", "%s", "%%", "%", "x", "1", "1e", "é", "\u00a0", ";", "(", ")", "||", "$", "a$b", "$_$"),
]
ATTEMPTS = 8_000


def test_no_quoting_lets_code_out_of_its_parentheses(place: Place) -> None:
    choose = random.Random(5)
    ran = 0
    with place.connect() as connection:
        connection.autocommit = True
        cursor = psycopg.RawCursor(connection)
        for _ in range(ATTEMPTS):
            before, after = ("".join(choose.choices(FRAGMENTS, k=choose.randint(0, 4))) for _ in range(2))
            text = f"SELECT 'q' {before} ) OR (1=1 {after}"
            try:
                statement = binding.bind(text, [1] * text.count("%s"))
                sql = f"SELECT count(*) FROM (SELECT 1) x WHERE (false AND EXISTS (\n{statement.text}\n))"
                rows = list(cursor.stream(sql.encode(), list(statement.params)))
            except (Refusal, psycopg.Error):
                continue
            ran += 1
            assert rows == [(0,)], text
    assert ran > 50
