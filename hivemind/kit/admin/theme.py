"""The theme's model admin, typed: everything drawn in the operator's admin is built on it."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

    ThemedAdmin = ModelAdmin[Any]
else:
    from unfold.admin import ModelAdmin as ThemedAdmin

__all__ = ["ThemedAdmin"]
