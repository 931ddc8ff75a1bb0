"""What the composition root shows in the operator's admin."""

from hivemind import admin_changes, admin_room_terms

__all__ = ["admin_changes", "admin_room_terms"]
