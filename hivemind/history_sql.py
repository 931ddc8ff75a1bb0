"""SQL for migrations of the history: what keeps its tables append-only, and the view that shows them as one.

A migration hands over table names and kinds in so many words, because what it did must stay what it did.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

REFUSE: Final = """
CREATE FUNCTION hivemind_refuse_change_of_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' AND current_setting('hivemind.may_empty_the_books', true) = 'on' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'the history is append-only' USING ERRCODE = 'restrict_violation';
END $$;
"""
DROP_REFUSE: Final = "DROP FUNCTION hivemind_refuse_change_of_history();"
_BOOKKEEPING: Final = "- 'pgh_id' - 'pgh_created_at' - 'pgh_label' - 'pgh_context'"
DROP_VIEW: Final = "DROP VIEW IF EXISTS hivemind_change;"


@dataclass(frozen=True)
class Branch:
    """One table of events within the view.

    `key` is its column that names the row which changed, `subject` the one that names what it is about, and `names`
    are columns of other tables that are easier to read than a number, as SQL.
    """

    kind: str
    table: str
    key: str
    subject: str = ""
    names: str = ""


def append_only(tables: Iterable[str]) -> str:
    """Refuse every change of the tables, and emptying them unless a session says in so many words that it may."""
    return "".join(
        f"CREATE TRIGGER history_is_append_only BEFORE UPDATE OR DELETE ON {table}\n"
        "    FOR EACH ROW EXECUTE FUNCTION hivemind_refuse_change_of_history();\n"
        f"CREATE TRIGGER history_is_not_emptied BEFORE TRUNCATE ON {table}\n"
        "    FOR EACH STATEMENT EXECUTE FUNCTION hivemind_refuse_change_of_history();\n"
        for table in tables
    )


def not_append_only(tables: Iterable[str]) -> str:
    """The opposite."""
    return "".join(
        f"DROP TRIGGER history_is_append_only ON {table};\nDROP TRIGGER history_is_not_emptied ON {table};\n"
        for table in tables
    )


def baseline(events: str, table: str, columns: Iterable[str]) -> str:
    """Copy what is there before the history begins, so that the first change has something to differ from."""
    names = ", ".join(f'"{column}"' for column in columns)
    head = f"INSERT INTO {events} ({names}, pgh_created_at, pgh_label)"
    return f"{head} SELECT {names}, now(), 'baseline' FROM {table};\n"


def view(branches: Iterable[Branch]) -> str:
    """All tables of events as one; each row with what it was before, which is looked up for the rows that are read."""
    return f"{DROP_VIEW}\nCREATE VIEW hivemind_change AS\n" + "\nUNION ALL\n".join(map(_select, branches)) + ";"


def _select(branch: Branch) -> str:
    after = f"to_jsonb(e) {_BOOKKEEPING}"
    if branch.names:
        after = f"({after}) || {branch.names}"
    return (
        f"SELECT '{branch.kind}-' || e.pgh_id AS key, '{branch.kind}'::text AS kind, e.pgh_id::bigint AS number,\n"
        f"    e.pgh_created_at AS at, e.pgh_label AS act, e.{branch.subject or branch.key}::text AS subject,\n"
        f"    e.pgh_context AS context,\n"
        f"    CASE WHEN e.pgh_label = 'update' THEN (\n"
        f"        SELECT to_jsonb(b) {_BOOKKEEPING} FROM {branch.table} b\n"
        f"        WHERE b.{branch.key} = e.{branch.key} AND b.pgh_id < e.pgh_id ORDER BY b.pgh_id DESC LIMIT 1\n"
        f"    ) END AS before,\n"
        f"    {after} AS after\n"
        f"FROM {branch.table} e"
    )
