"""Routes of this app under /v1."""

from django.urls import path

from attestation.server.api.views.evidence import AttestationView
from attestation.server.api.views.pins import ComposePinListView, ComposePinView, RevokeComposePinView

urlpatterns = [
    path("attestation", AttestationView.as_view()),
    path("tenants/compose-pin", ComposePinView.as_view()),
    path("tenants/compose-pin/list", ComposePinListView.as_view()),
    path("tenants/compose-pin/<str:pin_id>", RevokeComposePinView.as_view()),
]
