"""Rooms for the operator: what was agreed in outline, who may enter, how much is stored; never rules, data or keys."""

from rooms.admin import rooms, tenant_panel

__all__ = ["rooms", "tenant_panel"]
