"""Reading row policies as an agent states them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from attestation.canonical import ROOM_V1
from attestation.digests import sha256_hex
from attestation.errors import CanonicalError
from runner.rowpolicies import conditions, masks
from runner.rowpolicies.errors import PoliciesInvalid
from runner.rowpolicies.masks import Mask

EVERY: Final = "*"
MAX_TABLES: Final = 200
MAX_COLUMNS: Final = 1_600
MAX_NAME_CHARS: Final = 63
_MEMBERS: Final = frozenset({"columns", "where", "masks"})


@dataclass(frozen=True)
class TablePolicy:
    """What of one table is visible. `columns` None means all of them; `where` is empty for every row."""

    columns: tuple[str, ...] | None
    where: str = ""
    masks: Mapping[str, Mask] = field(default_factory=dict)

    def to_wire(self) -> dict[str, Any]:
        """The policy as it is stated."""
        wire: dict[str, Any] = {"columns": EVERY if self.columns is None else list(self.columns)}
        if self.where:
            wire["where"] = self.where
        if self.masks:
            wire["masks"] = {column: mask.to_wire() for column, mask in self.masks.items()}
        return wire


@dataclass(frozen=True)
class RowPolicies:
    """The policies of one run, by table as the agent wrote its name. A table without one is invisible."""

    tables: Mapping[str, TablePolicy]

    def to_wire(self) -> dict[str, Any]:
        """The policies as they are stated, without what means nothing."""
        return {table: policy.to_wire() for table, policy in self.tables.items()}

    @property
    def sha256(self) -> str:
        """The hash of the stated policies in their canonical form."""
        return sha256_hex(ROOM_V1.encode(self.to_wire()))


def parse(stated: object) -> RowPolicies:
    """The value of `row_policies`. Checks all that can be checked without the tables. Raises PoliciesInvalid."""
    if not isinstance(stated, Mapping):
        raise PoliciesInvalid("row_policies must be an object with one member for each visible table")
    if len(stated) > MAX_TABLES:
        raise PoliciesInvalid(f"row_policies name more than {MAX_TABLES} tables")
    policies = RowPolicies({_name(table, "a table"): _table(str(table), policy) for table, policy in stated.items()})
    try:
        ROOM_V1.encode(policies.to_wire())
    except CanonicalError as error:
        raise PoliciesInvalid("row_policies hold text or numbers that can't be written down") from error
    return policies


def _table(table: str, stated: object) -> TablePolicy:
    where = f"table {table}"
    if not isinstance(stated, Mapping) or not _MEMBERS.issuperset(stated):
        raise PoliciesInvalid(f"{where}: a policy is an object of columns, where and masks")
    columns = _columns(stated.get("columns"), where)
    return TablePolicy(columns, _where(stated.get("where"), where), _masks(stated.get("masks"), columns, where))


def _columns(stated: object, where: str) -> tuple[str, ...] | None:
    if stated == EVERY or stated == [EVERY]:
        return None
    if not isinstance(stated, Sequence) or isinstance(stated, str) or len(stated) > MAX_COLUMNS:
        raise PoliciesInvalid(f'{where}: columns must be a list of names or "*"')
    names = tuple(_name(name, f"{where}: a column") for name in stated)
    if len(set(names)) != len(names):
        raise PoliciesInvalid(f"{where}: a column is named twice")
    return names


def _where(stated: object, where: str) -> str:
    if stated is None:
        return ""
    if not isinstance(stated, str) or len(stated) > conditions.MAX_CHARS:
        raise PoliciesInvalid(f"{where}: where must be one SQL condition as text")
    if not stated.strip():
        raise PoliciesInvalid(f"{where}: where is empty; leave it out for every row")
    return stated.strip()


def _masks(stated: object, columns: tuple[str, ...] | None, where: str) -> dict[str, Mask]:
    if stated is None:
        return {}
    if not isinstance(stated, Mapping):
        raise PoliciesInvalid(f"{where}: masks must be an object with one member for each masked column")
    found = {}
    for column, mask in stated.items():
        name = _name(column, f"{where}: a column")
        if columns is not None and name not in columns:
            raise PoliciesInvalid(f"{where}: a mask is of a column that is not visible")
        found[name] = masks.parse(mask, where=f"{where}, column {name}")
    return found


def _name(stated: object, what: str) -> str:
    if not isinstance(stated, str) or not 0 < len(stated) <= MAX_NAME_CHARS or not stated.isprintable():
        raise PoliciesInvalid(f"{what} has no name that a table or column can have")
    return stated
