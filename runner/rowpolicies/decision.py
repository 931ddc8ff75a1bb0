"""What a scope agent decided, read and checked: the function and the policies that are to be in force together."""

from dataclasses import dataclass

from attestation.manifests.run_record import ROW_POLICIES, SCOPE_FN
from runner.rowpolicies import policies
from runner.rowpolicies.errors import PoliciesInvalid
from runner.rowpolicies.policies import RowPolicies
from runner.scope_output import ScopeOutput

# In force where policies come without a function: the views hold nothing but what may be shown.
SHOW_ALL = 'def scope(sql, params, rows):\n    return {"allow": True, "rows": rows}\n'


@dataclass(frozen=True)
class Decision:
    """`source` is the scope function's. `is_implicit` when the agent stated none, so that none speaks for the vault."""

    source: str
    policies: RowPolicies | None = None
    is_implicit: bool = False

    @property
    def enforcement(self) -> tuple[str, ...]:
        """What stands between the query stage and the data, as the signed record names it."""
        functions = () if self.is_implicit else (SCOPE_FN,)
        return functions if self.policies is None else (*functions, ROW_POLICIES)

    @property
    def policies_sha256(self) -> str:
        """Which row policies those are, empty for none."""
        return "" if self.policies is None else self.policies.sha256


def of(printed: ScopeOutput, *, policies_required: bool = False) -> Decision:
    """What was printed as a decision. Raises PoliciesInvalid, also where a room demands policies and there are none."""
    if printed.row_policies is None:
        if policies_required:
            raise PoliciesInvalid("the room requires row policies, and the scope agent stated none")
        return Decision(printed.scope_fn or "")
    stated = policies.parse(printed.row_policies)
    if printed.scope_fn is None:
        return Decision(SHOW_ALL, stated, is_implicit=True)
    return Decision(printed.scope_fn, stated)
