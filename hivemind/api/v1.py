"""The list of /v1, assembled from each app's own."""

from django.urls import include, path

from hivemind.api.document import described

urlpatterns = [
    path("openapi.json", described),
    path("", include("tenants.api.urls")),
    path("", include("attestation.server.api.urls")),
    path("", include("agents.api.urls")),
    path("", include("rooms.api.urls")),
    path("", include("runner.api.urls")),
    path("", include("billing.api.urls")),
]
