"""What the composition root shows in the operator's admin."""

from hivemind import admin_changes

__all__ = ["admin_changes"]
