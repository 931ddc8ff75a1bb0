"""What the composition root stores: the history of the tables that operators change."""

from hivemind.models import history
from hivemind.models.change import Change

__all__ = ["Change", "history"]
