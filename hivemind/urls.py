"""All addresses: the operator's admin, the API under /v1, its schema and its documentation."""

from django.contrib import admin
from django.http import HttpRequest, JsonResponse
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularRedocView, SpectacularSwaggerView

from hivemind.api.document import described
from hivemind.kit.access.sign_in import PasswordView

urlpatterns = [
    path("", RedirectView.as_view(url="/admin/")),
    path("admin", RedirectView.as_view(url="/admin/")),
    path("admin/login/", PasswordView.as_view()),
    path("admin/", include("hivemind.kit.access.urls")),
    path("admin/", admin.site.urls),
    path("v1/", include("hivemind.api.v1")),
    path("openapi.json", described, name="openapi"),
    path("docs", SpectacularSwaggerView.as_view(url_name="openapi"), name="docs"),
    path("redoc", SpectacularRedocView.as_view(url_name="openapi"), name="redoc"),
]


def not_found(request: HttpRequest, exception: Exception) -> JsonResponse:
    """The body of an unknown path."""
    return JsonResponse({"detail": "Not Found", "code": "not_found"}, status=404)


def server_error(request: HttpRequest) -> JsonResponse:
    """The body of an unexpected failure: nothing of the failure itself."""
    return JsonResponse({"detail": "Internal Server Error", "code": "internal"}, status=500)


handler404 = "hivemind.urls.not_found"
handler500 = "hivemind.urls.server_error"
