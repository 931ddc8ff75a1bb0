"""What belongs to superusers alone: who may change accounts may become anybody, so it is not given piece by piece."""

from typing import TYPE_CHECKING

from django.db.models import Model
from django.http import HttpRequest

from hivemind.kit.admin.deeds import Act

if TYPE_CHECKING:
    from hivemind.kit.admin.theme import ThemedAdmin as Mixin
else:
    Mixin = object


class SuperusersSee(Mixin):
    """Rows for superusers to look at, and deeds for them to do."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whether the menu names these."""
        return is_superuser(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whether rows are shown."""
        return is_superuser(request)

    def may(self, request: HttpRequest, act: Act) -> bool:
        """Whether this person may do `act`."""
        return is_superuser(request)


class SuperusersEdit(SuperusersSee):
    """Rows for superusers to edit."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whether rows may be added."""
        return is_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whether rows may be changed."""
        return is_superuser(request)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whether rows may be deleted."""
        return is_superuser(request)


def is_superuser(request: HttpRequest) -> bool:
    """Whether whoever asks may do everything."""
    return bool(request.user.is_active and request.user.is_superuser)
