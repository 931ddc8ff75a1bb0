"""Addresses of signing in and of one's own second factor; they stand in front of the admin's own."""

from django.urls import path

from hivemind.kit.access import own_factor
from hivemind.kit.access.sign_in import CodeView

app_name = "access"
urlpatterns = [
    path("login/code/", CodeView.as_view(), name="code"),
    path("second-factor/", own_factor.OwnFactorView.as_view(), name="own"),
    path("second-factor/confirm/", own_factor.ConfirmView.as_view(), name="confirm"),
    path("second-factor/codes/", own_factor.CodesView.as_view(), name="codes"),
    path("second-factor/remove/", own_factor.RemoveView.as_view(), name="remove"),
]
