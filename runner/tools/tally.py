"""How often the guards of a run said what; goes into its receipt."""

import threading
from collections import Counter

ALLOWED = "allowed"  # rows were shown
DENIED = "denied"  # the scope function, or a limit of its process, said no
REFUSED = "refused"  # the statement was refused before it ran
FAILED = "failed"  # Postgres refused or could not finish


class GuardTally:
    """Counts verdicts. Thread-safe; holds numbers only."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    def note(self, verdict: str) -> None:
        """Count one verdict."""
        with self._lock:
            self._counts[verdict] += 1

    def as_dict(self) -> dict[str, int]:
        """Return the counts so far."""
        with self._lock:
            return dict(sorted(self._counts.items()))
