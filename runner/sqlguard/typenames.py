"""Which types a statement may name.

Every table is a type as well: a value of it tells its columns, and the types that stand for names of the catalog tell
whether there is such a table, function or role. Postgres has no privilege against either, so here the parser stands
alone; what it keeps is names, never rows.
"""

from collections.abc import Collection
from typing import Any

from sqlglot import exp

from runner.sqlguard.verdicts import Code, Refusal

# Types of Postgres and its usual extensions that the parser does not know itself.
_OTHERS = frozenset(
    """
    tsvector tsquery box line polygon circle path lseg macaddr macaddr8 cidr jsonpath varbit citext ltree lquery char
    """.split()  # noqa: SIM905 - one word per item would be a page
)


def check(tree: Any, allowed_tables: Collection[str]) -> None:
    """Raise Refusal for a type that is a table outside of `allowed_tables` (lower case), or that is not known."""
    for node in tree.find_all(exp.ObjectIdentifier, exp.DataType):
        name = _named(node)
        if name is not None and name not in _OTHERS and name not in allowed_tables:
            raise Refusal(Code.TYPE, f"type {name[:100]} can't be named here; write the value as text")


def _named(node: Any) -> str | None:
    """The name in lower case; None for a type that the parser knows as one of Postgres' own."""
    if isinstance(node, exp.ObjectIdentifier):
        return None if str(node.this).upper() == "OID" else str(node.this).lower()
    if node.this != exp.DataType.Type.USERDEFINED:
        return None
    kind = node.args.get("kind")
    return (kind.name if isinstance(kind, exp.Identifier) else str(kind)).lower()
