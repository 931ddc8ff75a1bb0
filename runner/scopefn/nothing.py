"""The view of nothing, for what nobody has decided about."""

from runner.scopefn.answers import Denied, Reading


class NothingShown:
    """Denies every reading, with one reason."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def show(self, reading: Reading) -> Denied:
        """Always a denial."""
        return Denied(self._reason)
