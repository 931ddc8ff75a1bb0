"""What all views of rooms share."""

from collections.abc import Mapping
from typing import ClassVar

from rest_framework.permissions import BasePermission
from rest_framework.views import APIView

from hivemind.kit.api.parsers import BoundedJSONParser
from tenants.api.permissions import callers
from tenants.principals import Role

ANY_ROLE: tuple[Role, ...] = ("owner", "query", "share")


class RoomApi(APIView):
    """A view that names its callers for each method. A method without callers does not exist."""

    callers_of: ClassVar[Mapping[str, tuple[Role, ...]]] = {}
    parser_classes = [BoundedJSONParser]
    http_method_names = ["get", "head", "post", "delete"]

    def get_permissions(self) -> list[BasePermission]:
        """The permission of the method at hand; none for a method that is about to be answered with 405."""
        method = "GET" if self.request.method == "HEAD" else self.request.method or ""
        if method.lower() not in self.http_method_names or not hasattr(self, method.lower()):
            return []
        return [callers(*self.callers_of.get(method, ()))()]
