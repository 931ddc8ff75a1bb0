"""What can be wrong with row policies."""

MAX_REASON_CHARS = 300


class PoliciesInvalid(ValueError):
    """Policies that nothing may run under.

    `reason` quotes only names of tables and columns and may be told to whoever asked; `detail` may quote the policies
    themselves and is for their author.
    """

    def __init__(self, reason: str, *, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason[:MAX_REASON_CHARS]
        self.detail = (detail or reason)[: 2 * MAX_REASON_CHARS]
