"""Conditions: read as SQL, reduced to a tree of what is listed here, written anew for Postgres.

Whatever is written cannot fail on a row, whatever the row holds. Otherwise an asker could tell from a failure that a
hidden row exists: predicates that Postgres trusts run before the condition of a view.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from psycopg import sql
from sqlglot import exp

from runner.rowpolicies.columns import Columns
from runner.rowpolicies.errors import PoliciesInvalid
from runner.sqlguard import parse
from runner.sqlguard.verdicts import Refusal

MAX_CHARS: Final = 10_000
MAX_NODES: Final = 2_000

# What compares: texts of two collations can't be compared, and Postgres finds that out only at a row. Nor can patterns
# be looked for everywhere by a collation that takes different texts for equal.
_PATTERNS: Final = (exp.Like, exp.ILike, exp.StartsWith)
_COMPARING: Final = (*_PATTERNS, exp.In, exp.Between, exp.Coalesce)

_NUMBER: Final = re.compile(r"\d{1,40}(\.\d{1,40})?")
_COMPARISONS: Final[Mapping[type, str]] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.NullSafeEQ: "IS NOT DISTINCT FROM",
    exp.NullSafeNEQ: "IS DISTINCT FROM",
}
_TYPES: Final[Mapping[Any, str]] = {
    exp.DataType.Type.DATE: "date",
    exp.DataType.Type.TIMESTAMP: "timestamp",
    exp.DataType.Type.TIMESTAMPTZ: "timestamptz",
    exp.DataType.Type.TIME: "time",
    exp.DataType.Type.INT: "integer",
    exp.DataType.Type.BIGINT: "bigint",
    exp.DataType.Type.DECIMAL: "numeric",
    exp.DataType.Type.DOUBLE: "double precision",
    exp.DataType.Type.UUID: "uuid",
    exp.DataType.Type.BOOLEAN: "boolean",
    exp.DataType.Type.TEXT: "text",
    exp.DataType.Type.VARCHAR: "text",
}
_OF_A_DAY: Final = ("year", "quarter", "month", "week", "day", "dow", "isodow", "doy")
_OF_A_MOMENT: Final = (*_OF_A_DAY, "hour", "minute", "epoch")
_EXTRACTABLE: Final[Mapping[str, tuple[str, ...]]] = {
    "date": _OF_A_DAY,
    "timestamp without time zone": _OF_A_MOMENT,
    "timestamp with time zone": _OF_A_MOMENT,
}


def compiled(text: str, columns: Columns) -> sql.Composable:
    """The condition `text` for a view over the table of `columns`. Raises PoliciesInvalid."""
    if len(text) > MAX_CHARS or "\x00" in text:
        raise _refused(columns, f"the condition is longer than {MAX_CHARS} characters or is not text")
    try:
        tree = parse.expression(text)
        if sum(1 for _ in tree.walk()) > MAX_NODES:
            raise _refused(columns, "the condition is too large")
        return _Writer(columns).written(tree)
    except Refusal as refusal:
        raise _refused(columns, f"the condition was refused: {refusal.refused.sentence}") from None
    except RecursionError:
        raise _refused(columns, "the condition is nested too deeply") from None


def _refused(columns: Columns, what: str) -> PoliciesInvalid:
    return PoliciesInvalid(
        f"table {columns.table}: its condition is not one that is allowed", detail=f"table {columns.table}: {what}"
    )


class _Writer:
    """Writes one tree, for one table."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._writers: Mapping[type, Callable[[Any], sql.Composable]] = {
            exp.Paren: lambda node: self.written(node.this),
            exp.And: lambda node: self._joined(node, " AND "),
            exp.Or: lambda node: self._joined(node, " OR "),
            exp.Not: lambda node: _in_parentheses(sql.SQL("NOT "), self.written(node.this)),
            exp.Is: self._is,
            exp.In: self._in,
            exp.Between: self._between,
            exp.Like: lambda node: self._like(node, "LIKE"),
            exp.ILike: lambda node: self._like(node, "ILIKE"),
            exp.Column: self._column,
            exp.Literal: self._literal,
            exp.Neg: self._negative,
            exp.Boolean: lambda node: sql.SQL("TRUE" if node.this else "FALSE"),
            exp.Cast: self._cast,
            exp.Lower: lambda node: self._call("lower", node.this),
            exp.Upper: lambda node: self._call("upper", node.this),
            exp.Length: lambda node: self._call("length", node.this),
            exp.Trim: lambda node: self._call("btrim", node.this),
            exp.Left: lambda node: self._cut("left", node),
            exp.Right: lambda node: self._cut("right", node),
            exp.StartsWith: lambda node: self._call("starts_with", node.this, node.expression),
            exp.Coalesce: self._coalesce,
            exp.Extract: self._extract,
            exp.JSONExtractScalar: self._json_text,
        }

    def written(self, node: Any) -> sql.Composable:
        """The node's SQL, in parentheses where it needs them. Raises PoliciesInvalid for what is not listed."""
        kind = type(node)
        if kind in _COMPARISONS or kind in _COMPARING:
            self._check_collations(node)
        if kind in _COMPARISONS:
            self._only(node, "this", "expression")
            operator = sql.SQL(f" {_COMPARISONS[kind]} ")
            return _in_parentheses(self.written(node.this), operator, self.written(node.expression))
        writer = self._writers.get(kind)
        if writer is None:
            raise self._no(f"{kind.__name__} can't be used in a condition")
        if kind in _PLAIN_ARGUMENTS:
            self._only(node, *_PLAIN_ARGUMENTS[kind])
        return writer(node)

    def _check_collations(self, node: Any) -> None:
        found = {
            self._columns.named(column.name, quoted=bool(column.this.quoted))
            for column in node.find_all(exp.Column)
            if isinstance(column.this, exp.Identifier)
        }
        if len({self._columns.collations[name] for name in found if name in self._columns.collations}) > 1:
            raise self._no("columns that are compared with each other need the same collation")
        if isinstance(node, _PATTERNS) and not found.isdisjoint(self._columns.inexact):
            raise self._no("no pattern can be looked for in a column whose collation takes different texts for equal")

    def _joined(self, node: Any, word: str) -> sql.Composable:
        return _in_parentheses(sql.SQL(word).join([self.written(part) for part in node.flatten()]))

    def _is(self, node: Any) -> sql.Composable:
        said = node.expression
        if isinstance(said, exp.Null):
            word = "NULL"
        elif isinstance(said, exp.Boolean):
            word = "TRUE" if said.this else "FALSE"
        else:
            raise self._no("IS stands before NULL, TRUE or FALSE only")
        negated = "NOT " if node.args.get("negate") else ""
        return _in_parentheses(self.written(node.this), sql.SQL(f" IS {negated}{word}"))

    def _in(self, node: Any) -> sql.Composable:
        if not node.expressions:
            raise self._no("IN needs a list of values")
        values = sql.SQL(", ").join([self.written(value) for value in node.expressions])
        return _in_parentheses(self.written(node.this), sql.SQL(" IN ("), values, sql.SQL(")"))

    def _between(self, node: Any) -> sql.Composable:
        low, high = self.written(node.args["low"]), self.written(node.args["high"])
        return _in_parentheses(self.written(node.this), sql.SQL(" BETWEEN "), low, sql.SQL(" AND "), high)

    def _like(self, node: Any, word: str) -> sql.Composable:
        pattern = node.expression
        if not (isinstance(pattern, exp.Literal) and pattern.is_string):
            raise self._no(f"the pattern of {word} must be a text")
        trailing = len(pattern.this) - len(pattern.this.rstrip("\\"))
        if trailing % 2:
            raise self._no(f"the pattern of {word} ends in the middle of an escape")
        negated = "NOT " if node.args.get("negate") else ""
        return _in_parentheses(self.written(node.this), sql.SQL(f" {negated}{word} "), sql.Literal(pattern.this))

    def _column(self, node: Any) -> sql.Composable:
        identifier = node.this
        if not isinstance(identifier, exp.Identifier) or node.args.get("db") or node.args.get("catalog"):
            raise self._no("columns are named without a schema")
        if node.table and node.table.lower() != self._columns.table.lower():
            raise self._no("only columns of the table itself can be used")
        return sql.Identifier(self._columns.named(identifier.name, quoted=bool(identifier.quoted)))

    def _literal(self, node: Any) -> sql.Composable:
        if node.is_string:
            return sql.Literal(str(node.this))
        if _NUMBER.fullmatch(node.this) is None:
            raise self._no("numbers are written with digits and a point only")
        return sql.SQL(node.this)

    def _negative(self, node: Any) -> sql.Composable:
        if not isinstance(node.this, exp.Literal) or node.this.is_string:
            raise self._no("a minus sign stands before a number only")
        return _in_parentheses(sql.SQL("-"), self._literal(node.this))

    def _cast(self, node: Any) -> sql.Composable:
        name = _TYPES.get(node.to.this)
        if name is None or node.to.expressions or node.to.args.get("nested"):
            raise self._no("texts can be cast to simple types only")
        constant = isinstance(node.this, exp.Literal) and node.this.is_string
        if not constant and name != "text":
            raise self._no("only constants can be cast to other types than text: a cast could fail on a row")
        return _in_parentheses(sql.SQL("CAST("), self.written(node.this), sql.SQL(f" AS {name})"))

    def _call(self, name: str, *arguments: Any) -> sql.Composable:
        written = sql.SQL(", ").join([self.written(argument) for argument in arguments])
        return sql.Composed([sql.SQL(f"pg_catalog.{name}("), written, sql.SQL(")")])

    def _cut(self, name: str, node: Any) -> sql.Composable:
        length = node.expression
        if not isinstance(length, exp.Literal) or length.is_string or not length.this.isdigit() or len(length.this) > 6:
            raise self._no(f"{name} needs a whole number of characters")
        return self._call(name, node.this, length)

    def _coalesce(self, node: Any) -> sql.Composable:
        parts = [self.written(part) for part in (node.this, *node.expressions)]
        return sql.Composed([sql.SQL("COALESCE("), sql.SQL(", ").join(parts), sql.SQL(")")])

    def _extract(self, node: Any) -> sql.Composable:
        unit, column = node.this.name.lower(), node.expression
        kind = self._type_of(column)
        if unit not in _EXTRACTABLE.get(kind, ()):
            raise self._no(f"{unit} can't be extracted from what is not a column of a fitting type")
        return sql.Composed([sql.SQL(f"EXTRACT({unit} FROM "), self.written(column), sql.SQL(")")])

    def _json_text(self, node: Any) -> sql.Composable:
        path = node.expression.expressions if isinstance(node.expression, exp.JSONPath) else []
        keys = [step.this for step in path if isinstance(step, exp.JSONPathKey)]
        if self._type_of(node.this) != "jsonb" or len(path) != 2 or len(keys) != 1 or not isinstance(keys[0], str):
            raise self._no("->> stands between a column of type jsonb and the name of one member")
        return _in_parentheses(self.written(node.this), sql.SQL(" ->> "), sql.Literal(keys[0]))

    def _type_of(self, node: Any) -> str:
        if not isinstance(node, exp.Column) or not isinstance(node.this, exp.Identifier):
            return ""
        return self._columns.types[self._columns.named(node.this.name, quoted=bool(node.this.quoted))]

    def _only(self, node: Any, *names: str) -> None:
        """Refuse a node with any argument besides: what is not written must not have been meant."""
        extra = [name for name, value in node.args.items() if value and name not in names]
        if extra:
            raise self._no(f"{type(node).__name__} can't be written with {', '.join(extra)}")

    def _no(self, what: str) -> PoliciesInvalid:
        return _refused(self._columns, what)


def _in_parentheses(*parts: sql.Composable) -> sql.Composed:
    return sql.Composed([sql.SQL("("), *parts, sql.SQL(")")])


# The arguments that a node may have. Others change what it means.
_PLAIN_ARGUMENTS: Final[Mapping[type, tuple[str, ...]]] = {
    exp.Paren: ("this",),
    exp.And: ("this", "expression"),
    exp.Or: ("this", "expression"),
    exp.Not: ("this",),
    exp.Is: ("this", "expression", "negate"),
    exp.In: ("this", "expressions"),
    exp.Between: ("this", "low", "high"),
    exp.Like: ("this", "expression", "negate"),
    exp.ILike: ("this", "expression", "negate"),
    exp.Column: ("this", "table", "db", "catalog"),
    exp.Literal: ("this", "is_string"),
    exp.Neg: ("this",),
    exp.Boolean: ("this",),
    exp.Cast: ("this", "to", "_type"),
    exp.Lower: ("this",),
    exp.Upper: ("this",),
    exp.Length: ("this",),
    exp.Trim: ("this",),
    exp.Left: ("this", "expression"),
    exp.Right: ("this", "expression"),
    exp.StartsWith: ("this", "expression"),
    exp.Coalesce: ("this", "expressions"),
    exp.Extract: ("this", "expression"),
    exp.JSONExtractScalar: ("this", "expression", "only_json_types"),
}
