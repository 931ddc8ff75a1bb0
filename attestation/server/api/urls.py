"""Routes of this app under /v1."""

from django.urls import path

from attestation.server.api.views.evidence import AttestationView

urlpatterns = [path("attestation", AttestationView.as_view())]
