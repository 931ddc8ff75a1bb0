"""What the guard says about a statement before Postgres sees it."""

from dataclasses import dataclass
from enum import StrEnum


class Code(StrEnum):
    """Why a statement was refused."""

    EMPTY = "empty"  # nothing to run
    TOO_LONG = "too_long"  # more text than the guard reads
    BAD_TEXT = "bad_text"  # characters or quoting that no statement can have
    PARAMS = "params"  # placeholders and params don't fit together
    UNPARSABLE = "unparsable"  # the parser does not understand it
    MANY_STATEMENTS = "many_statements"  # more than one statement in one call
    NOT_A_READ = "not_a_read"  # something other than a query, or a query that writes or locks
    CATALOG = "catalog"  # reads the server's own tables
    TABLE = "table"  # reads a table that the room does not allow
    FUNCTION = "function"  # calls a function that can do more than compute
    TYPE = "type"  # names a type that tells of other tables, or one that is not known


@dataclass(frozen=True, slots=True)
class Readable:
    """The guard has no objection. ``tables`` are the names of all tables that the statement reads."""

    tables: frozenset[str]


@dataclass(frozen=True, slots=True)
class Refused:
    """The guard objects; ``sentence`` is for the agent and quotes nothing but the agent's own words."""

    code: Code
    sentence: str


Verdict = Readable | Refused


class Refusal(Exception):
    """A refusal on its way out of the guard."""

    def __init__(self, code: Code, sentence: str) -> None:
        super().__init__(sentence)
        self.refused = Refused(code, sentence)
