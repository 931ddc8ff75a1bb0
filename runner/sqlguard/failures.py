"""What an agent is told when a read fails.

Postgres quotes data in its messages: a cast that fails names the value that it failed on. So there are
two texts, one for stages whose reads are filtered and one for those that may read everything.
"""

import psycopg

# Starts the text of a cast that must fail; see the size check of the session.
ROW_TOO_LARGE = "row too large: "

MAX_TEXT_CHARS = 500

# SQLSTATE classes of mistakes in a statement. Only with a place in its text is a message about the statement: Postgres
# gives the same codes to values that it reads as names, queries or types while it runs, and quotes them.
_ABOUT_THE_STATEMENT = ("42", "0A", "54", "3F", "26")
# Missing rights, a name given twice, parameters of no known type, collations that conflict: without a place or a value.
_WITHOUT_A_PLACE = frozenset({"42501", "42712", "42P18", "42P22"})
_SENTENCES = {
    "57014": "the query was cancelled because it took longer than {seconds} seconds",
    "55P03": "the query waited too long for a lock",
    "53100": "the query needs too much temporary disk space",
    "53200": "the query needs too much memory",
    "53300": "too many queries are running; try again",
    "53400": "the query needs more temporary space than it may use",
    "25006": "Only SELECT queries are allowed",
    "08P01": "the params don't fit the statement",
}


class ReadFailed(Exception):
    """A read brought nothing.

    ``reason`` is safe for anybody, ``detail`` may quote data that the stage read.
    """

    def __init__(self, reason: str, *, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason[:MAX_TEXT_CHARS]
        self.detail = (detail or reason)[:MAX_TEXT_CHARS]


def explained(error: Exception, *, seconds: int) -> ReadFailed:
    """Turn an error of the database driver into what the agent may know."""
    if isinstance(error, UnicodeError):
        return ReadFailed("the params hold characters that are not text")
    diagnosis = error.diag if isinstance(error, psycopg.Error) else None
    state = diagnosis.sqlstate if diagnosis is not None else None
    message = (diagnosis.message_primary or "") if diagnosis is not None else ""
    if state is None:
        return _of_the_driver(error)
    if state == "22P02" and ROW_TOO_LARGE in message:
        return ReadFailed("a row of the result is too large; select fewer or shorter columns")
    if state in _SENTENCES:
        return ReadFailed(_SENTENCES[state].format(seconds=seconds))
    if diagnosis is not None and _is_about_the_statement(diagnosis):
        return ReadFailed(message)
    name = type(error).__name__
    return ReadFailed(f"the query failed ({state} {name})", detail=f"{message} ({state})")


def _is_about_the_statement(diagnosis: psycopg.errors.Diagnostic) -> bool:
    """Whether the message tells of the text that the agent wrote. A context is of a text within: a value's."""
    state = diagnosis.sqlstate or ""
    placed = bool(diagnosis.statement_position) and not diagnosis.context
    return state in _WITHOUT_A_PLACE or (placed and state.startswith(_ABOUT_THE_STATEMENT))


def _of_the_driver(error: Exception) -> ReadFailed:
    if isinstance(error, psycopg.OperationalError):  # its text names hosts and roles
        return ReadFailed("the database is not reachable at the moment")
    if isinstance(error, (psycopg.ProgrammingError, psycopg.DataError, psycopg.NotSupportedError)):
        return ReadFailed("the params can't be sent or the result can't be read")
    return ReadFailed("the query failed")


def too_large(size_bytes: int) -> ReadFailed:
    """Say that the whole result has too many bytes."""
    return ReadFailed(f"the result is larger than {size_bytes // (1024 * 1024)} MiB; select fewer rows or columns")


def ended() -> ReadFailed:
    """Say that the stage that this read belongs to is over."""
    return ReadFailed("the stage has ended")


def too_slow(seconds: int) -> ReadFailed:
    """Say that the rows took too long to arrive."""
    return ReadFailed(_SENTENCES["57014"].format(seconds=seconds))
