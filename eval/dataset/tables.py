"""The tables: which columns there are, which are private, and what the owner lets others learn."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """One column. A `private` one holds what belongs to one person and may not leave the room."""

    name: str
    sql_type: str
    private: bool = False


@dataclass(frozen=True)
class TableShape:
    """One table; `moment` is its column of time, `measure` the number that is summed, `groups` what rows fall into."""

    name: str
    columns: tuple[Column, ...]
    moment: str
    measure: str
    groups: tuple[str, ...]
    what: str

    @property
    def private(self) -> tuple[str, ...]:
        """Names of the private columns."""
        return tuple(column.name for column in self.columns if column.private)

    @property
    def public(self) -> tuple[str, ...]:
        """Names of the others."""
        return tuple(column.name for column in self.columns if not column.private)

    @property
    def person(self) -> str:
        """The private column that names somebody."""
        return self.private[0]

    def create_sql(self) -> str:
        """The statement that makes the table."""
        inside = ", ".join(f"{column.name} {column.sql_type} NOT NULL" for column in self.columns)
        return f"CREATE TABLE {self.name} ({inside}, PRIMARY KEY (id))"


def _shape(name: str, what: str, columns: Sequence[str], *, measure: str, groups: str) -> TableShape:
    parsed = tuple(
        Column(parts[0], parts[1], private=parts[-1] == "private") for parts in (text.split() for text in columns)
    )
    moment = next(column.name for column in parsed if column.sql_type in ("timestamptz", "date"))
    return TableShape(name, parsed, moment, measure, tuple(groups.split()), what)


WATCH_HISTORY = _shape(
    "watch_history",
    "viewings",
    (
        *("id integer", "watched_at timestamptz", "category text", "hashtag text", "device text"),
        *("title text", "seconds integer", "viewer text private", "viewer_email text private"),
        *("note text private", "shared boolean"),
    ),
    measure="seconds",
    groups="category hashtag device",
)
CHATS = _shape(
    "chats",
    "messages",
    (
        *("id integer", "sent_at timestamptz", "theme text", "channel text", "words integer"),
        *("author text private", "author_phone text private", "body text private", "shared boolean"),
    ),
    measure="words",
    groups="theme channel",
)
SALES = _shape(
    "sales",
    "sales",
    (
        *("id integer", "sold_on date", "region text", "product text", "units integer", "amount_cents integer"),
        *("customer text private", "customer_email text private", "remark text private", "shared boolean"),
    ),
    measure="amount_cents",
    groups="region product",
)
APPOINTMENTS = _shape(
    "appointments",
    "appointments",
    (
        *("id integer", "begins_at timestamptz", "clinic text", "reason text", "minutes integer"),
        *("fee_cents integer", "patient text private", "patient_phone text private", "remark text private"),
        "shared boolean",
    ),
    measure="fee_cents",
    groups="clinic reason",
)
TABLES = (WATCH_HISTORY, CHATS, SALES, APPOINTMENTS)
