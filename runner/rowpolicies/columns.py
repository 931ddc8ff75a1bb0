"""The columns of one table as policies may name them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from runner.rowpolicies.errors import PoliciesInvalid


@dataclass(frozen=True)
class Columns:
    """One table's columns in their order, with their types as Postgres writes them.

    `collations` names those of columns that are not compared by the database's own, `inexact` are columns whose
    collation takes different texts for equal.
    """

    table: str
    types: Mapping[str, str]
    collations: Mapping[str, str] = field(default_factory=dict)
    inexact: Collection[str] = ()

    def named(self, name: str, *, quoted: bool = True) -> str:
        """The column that a policy means. Raises PoliciesInvalid.

        An unquoted name is folded as Postgres folds it, and where that is no column, may mean the only one that differs
        in case.
        """
        if name in self.types and (quoted or name == name.lower()):
            return name
        if not quoted:
            if name.lower() in self.types:
                return name.lower()
            candidates = [column for column in self.types if column.lower() == name.lower()]
            if len(candidates) == 1:
                return candidates[0]
        raise PoliciesInvalid(
            f"table {self.table}: a column that is named does not exist",
            detail=f"table {self.table}: there is no column {name!r}; its columns are {', '.join(self.types)}",
        )
