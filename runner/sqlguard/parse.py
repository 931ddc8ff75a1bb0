"""An early, clear no for statements that Postgres would refuse anyway, and the list of tables that one reads.

No row relies on this alone: the role that runs the statement can read the room's tables and nothing else.
"""

from collections.abc import Collection, Iterator
from typing import Any

from sqlglot import Token, TokenType, exp
from sqlglot.dialects.postgres import Postgres
from sqlglot.errors import SqlglotError

from runner.sqlguard import functions, typenames
from runner.sqlguard.verdicts import Code, Readable, Refusal, Verdict

_STEPS_PER_TOKEN = 10
_STEPS_AT_LEAST = 20_000
_SYSTEM_SCHEMAS = frozenset({"information_schema", "pg_catalog", "pg_toast"})
_WRITES: tuple[type[exp.Expression], ...] = (
    *(exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Create, exp.Drop, exp.Alter, exp.TruncateTable),
    *(exp.Command, exp.Copy, exp.Set, exp.Into, exp.Lock),
)


class _StepsExceeded(Exception):
    """The parser goes in circles."""


_Base: Any = Postgres.Parser


class _Parser(_Base):  # type: ignore[misc]
    """Postgres' grammar with a budget: some nestings make the parser's backtracking exponential."""

    steps_left = 0

    def _advance(self, times: int = 1) -> None:
        self.steps_left -= 1
        if self.steps_left < 0:
            raise _StepsExceeded
        super()._advance(times)

    def _warn_unsupported(self) -> None:
        # The base class would write the statement to a log.
        raise _not_a_read()


def check(sql: str, *, allowed_tables: Collection[str], schema: str = "public") -> Verdict:
    """Judge one statement (with numbered placeholders). Never raises for anything that ``sql`` may hold.

    Tables may be named with ``schema``, or, where that is empty, with none.
    """
    try:
        return _check(sql, {name.lower() for name in allowed_tables}, schema)
    except Refusal as refusal:
        return refusal.refused
    except (SqlglotError, _StepsExceeded, RecursionError, ValueError):
        return _unparsable().refused


def expression(text: str) -> Any:
    """The tree of one expression, of which nothing is checked but that it is one. Raises Refusal."""
    try:
        tokens, parser = _ready(text)
        statements = parser.parse_into(exp.Condition, tokens, text)
    except (SqlglotError, _StepsExceeded, RecursionError, ValueError):
        raise Refusal(Code.UNPARSABLE, "it could not be read as one SQL expression") from None
    if len(statements) != 1 or statements[0] is None:
        raise Refusal(Code.UNPARSABLE, "write one SQL expression")
    return statements[0]


def _unparsable() -> Refusal:
    return Refusal(Code.UNPARSABLE, "the statement could not be parsed; send one plain SELECT")


def _not_a_read() -> Refusal:
    return Refusal(Code.NOT_A_READ, "Only SELECT queries are allowed")


def _ready(text: str) -> tuple[list[Token], _Parser]:
    dialect = Postgres()
    tokens = dialect.tokenize(text)
    parser = _Parser(dialect=dialect)
    parser.steps_left = _STEPS_AT_LEAST + _STEPS_PER_TOKEN * len(tokens)
    return tokens, parser


def _check(sql: str, allowed: set[str], schema: str) -> Readable:
    tokens, parser = _ready(sql)
    _check_words(tokens)
    statements = [tree for tree in parser.parse(tokens, sql) if tree and not isinstance(tree, exp.Semicolon)]
    if not statements:
        raise Refusal(Code.EMPTY, "the statement is empty")
    if len(statements) > 1:
        raise Refusal(Code.MANY_STATEMENTS, "send one statement at a time")
    (tree,) = statements
    if not isinstance(tree, (exp.Query, exp.Values)) or tree.find(*_WRITES):
        raise _not_a_read()
    typenames.check(tree, allowed)
    return Readable(frozenset(_allowed_name(table, allowed, schema) for table in _tables(tree)))


def _check_words(tokens: list[Token]) -> None:
    for index, token in enumerate(tokens):
        called = index + 1 < len(tokens) and tokens[index + 1].token_type == TokenType.L_PAREN
        if called and functions.is_refused(token.text):
            raise Refusal(Code.FUNCTION, f"function {token.text.lower()} is not allowed")
        if token.token_type != TokenType.IDENTIFIER and token.token_type != TokenType.STRING:
            before = tokens[index - 1].token_type if index else None
            if before not in (TokenType.DOT, TokenType.ALIAS) and functions.is_session_word(token.text):
                raise Refusal(Code.FUNCTION, f"{token.text.lower()} is not allowed")


def _tables(tree: Any) -> Iterator[exp.Table]:
    for table in tree.find_all(exp.Table):
        if isinstance(table.this, exp.Identifier) and not _names_a_cte(table):
            yield table


def _allowed_name(table: exp.Table, allowed: set[str], schema: str) -> str:
    identifier = table.this
    name: str = identifier.name if identifier.quoted else identifier.name.lower()
    if table.catalog or table.db.lower() in _SYSTEM_SCHEMAS or name.lower().startswith("pg_"):
        raise Refusal(Code.CATALOG, "the server's own tables can't be read; use get_schema")
    if table.db and table.db.lower() != schema.lower():
        only = f"only tables of schema {schema} can be read" if schema else "tables are named without a schema here"
        raise Refusal(Code.TABLE, only)
    if name.lower() not in allowed:
        raise Refusal(Code.TABLE, f"table {name[:100]} is not one of the room's tables; use get_schema")
    return name


def _names_a_cte(table: exp.Table) -> bool:
    """Whether a table reference without schema means a WITH query that is visible where it stands."""
    if table.db:
        return False
    node: exp.Expression = table
    while node.parent is not None:
        parent: Any = node.parent
        if isinstance(parent, exp.With):
            earlier = parent.expressions
            if not parent.recursive:
                earlier = earlier[: _position(earlier, node)]
            if _has(earlier, table.name):
                return True
        elif isinstance(parent, exp.Query) and not isinstance(node, exp.With) and _has(parent.ctes, table.name):
            return True
        node = parent
    return False


def _position(items: list[Any], wanted: exp.Expression) -> int:
    return next((index for index, item in enumerate(items) if item is wanted), 0)


def _has(ctes: list[Any], name: str) -> bool:
    return any(cte.alias.lower() == name.lower() for cte in ctes)
