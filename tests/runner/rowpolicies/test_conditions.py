"""Conditions: what may be written, what Postgres is given for it, and everything else refused."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.rowpolicies import conditions
from runner.rowpolicies.columns import Columns
from runner.rowpolicies.errors import PoliciesInvalid

COLUMNS = Columns(
    "sales",
    {
        "id": "integer",
        "day": "date",
        "at": "timestamp with time zone",
        "note": "text",
        "tags": "jsonb",
        "plain": "json",
        "userId": "text",
        'we"ird': "text",
        "ok": "boolean",
    },
)


def written(text: str) -> str:
    return conditions.compiled(text, COLUMNS).as_string()


ALLOWED = {
    "id = 5": '("id" = 5)',
    "ID <> -5": '("id" <> (-5))',
    "id != 5 AND note = 'it''s'": "((\"id\" <> 5) AND (\"note\" = 'it''s'))",
    "ok": '"ok"',
    "NOT ok OR ok IS NOT TRUE": '((NOT "ok") OR (NOT ("ok" IS TRUE)))',
    "note IS NULL": '("note" IS NULL)',
    "note IS NOT NULL": '("note" IS NOT NULL)',
    "note IS NOT DISTINCT FROM 'x'": "(\"note\" IS NOT DISTINCT FROM 'x')",
    "id IN (1, 2.5)": '("id" IN (1, 2.5))',
    "id NOT IN (1)": '(NOT ("id" IN (1)))',
    "id BETWEEN 1 AND 2": '("id" BETWEEN 1 AND 2)',
    "day >= DATE '2024-01-31'": "(\"day\" >= (CAST('2024-01-31' AS date)))",
    "at < '2024-01-31T00:00Z'::timestamptz": "(\"at\" < (CAST('2024-01-31T00:00Z' AS timestamptz)))",
    "id::text = '5'": "((CAST(\"id\" AS text)) = '5')",
    "note LIKE 'a%'": "(\"note\" LIKE 'a%')",
    "note NOT ILIKE 'a_'": "(\"note\" NOT ILIKE 'a_')",
    "tags ->> 'kind' = 'a'": "((\"tags\" ->> 'kind') = 'a')",
    "lower(trim(note)) = 'x'": "(pg_catalog.lower(pg_catalog.btrim(\"note\")) = 'x')",
    "coalesce(note, 'x') = 'x'": "(COALESCE(\"note\", 'x') = 'x')",
    "left(note, 2) = right(note, 2)": '(pg_catalog.left("note", 2) = pg_catalog.right("note", 2))',
    "starts_with(note, 'x')": "pg_catalog.starts_with(\"note\", 'x')",
    "extract(year FROM day) = 2024": '(EXTRACT(year FROM "day") = 2024)',
    "length(note) > 3": '(pg_catalog.length("note") > 3)',
    "userId = 'a'": "(\"userId\" = 'a')",
    '"we""ird" = \'a\'': '("we""ird" = \'a\')',
    "sales.id = 1": '("id" = 1)',
    "((id = 1)) -- why": '("id" = 1)',
    "true": "TRUE",
}


@pytest.mark.parametrize("text", ALLOWED)
def test_a_condition_is_written_anew_from_its_tree(text: str) -> None:
    assert written(text) == ALLOWED[text]


REFUSED = (
    "",
    "id =",
    "id = 1; DROP TABLE sales",
    "id = 1) OR (true",
    "SELECT true",
    "id = (SELECT 1)",
    "id IN (SELECT id FROM sales)",
    "EXISTS (SELECT 1)",
    "id = ANY(ARRAY[1])",
    "id IN ()",
    "id = NULL",
    "id + 1 = 2",
    "1 / id = 1",
    "id % 2 = 0",
    "note || 'x' = 'x'",
    "note::int = 5",
    "CAST(note AS date) = day",
    "id::regclass = 'x'",
    "'x'::regclass = 'x'",
    "'1 day'::interval = '1 day'",
    "note::varchar(3) = 'x'",
    "now() > at",
    "current_user = note",
    "current_date = day",
    "random() < 0.5",
    "pg_sleep(10) IS NULL",
    "pg_read_file('/etc/passwd') = note",
    "query_to_xml('SELECT 1', true, true, '') IS NULL",
    "public.secret(note)",
    "md5(note) = 'x'",
    "note ~ '(a+)+b'",
    "note SIMILAR TO 'x'",
    "note LIKE note",
    "note LIKE 'x\\'",
    "note LIKE 'x!%' ESCAPE '!'",
    "note COLLATE \"C\" = 'x'",
    "at AT TIME ZONE 'UTC' = at",
    "id BETWEEN SYMMETRIC 1 AND 2",
    "CASE WHEN ok THEN true ELSE false END",
    "(id, note) = (1, 'x')",
    "ROW(id) = ROW(1)",
    "note = $1",
    "note = %s",
    "note = :name",
    "note = E'x'",
    "note = U&'x'",
    "note = B'1'",
    "note = 'a' 'b'",
    "id = 1e5",
    "id = 0x10",
    "tags -> 'a' ->> 'b' = 'c'",
    "tags ->> 0 = 'c'",
    "plain ->> 'a' = 'c'",
    "note ->> 'a' = 'c'",
    "tags @> '{}'",
    "extract(hour FROM day) = 1",
    "extract(year FROM note) = 1",
    "extract(year FROM DATE '2024-01-01') = 1",
    "left(note, id) = 'x'",
    "left(note, -1) = 'x'",
    "length(note, 'UTF8') = 1",
    "trim(both 'x' FROM note) = 'x'",
    "absent = 1",
    '"ID" = 1',
    "other.id = 1",
    "public.sales.id = 1",
    "sales = sales",
    "*",
    "sales.*",
    "ctid = '(0,1)'",
    "count(*) > 1",
    "sum(id) OVER () > 1",
    "id = 1 AND",
    "id = 1 \x00",
    "(" * 3000 + "ok" + ")" * 3000,
    " OR ".join(["ok"] * 1500),
    "ok AND " * 2000 + "ok",
)


@pytest.mark.parametrize("text", REFUSED)
def test_whatever_is_not_listed_is_refused(text: str) -> None:
    with pytest.raises(PoliciesInvalid, match="table sales: "):
        written(text)


@pytest.mark.parametrize("secret", ["'canary' = (SELECT 1)", "note = 'canary' || 'x'", "canary = 1"])
def test_what_others_are_told_quotes_nothing_of_the_condition(secret: str) -> None:
    with pytest.raises(PoliciesInvalid) as refused:
        written(secret)
    assert "canary" not in refused.value.reason


@given(st.text(max_size=60))
def test_any_text_is_a_condition_or_refused(text: str) -> None:
    with contextlib.suppress(PoliciesInvalid):
        assert written(text)


@given(st.text(alphabet=st.characters(exclude_characters="\x00", codec="utf-8"), max_size=30))
def test_any_text_stays_a_text(text: str) -> None:
    quoted = "'" + text.replace("'", "''") + "'"
    plain = conditions.sql.Literal(text).as_string()
    assert written(f"note = {quoted}") == f'("note" = {plain})'
