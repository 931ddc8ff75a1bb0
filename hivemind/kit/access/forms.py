"""What operators type to get in."""

from django import forms
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextInputWidget

CODE_CHARS = 40


def _code(*, recovery: bool) -> forms.CharField:
    attributes = {"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false", "autocapitalize": "none"}
    if not recovery:
        attributes |= {"inputmode": "numeric", "pattern": "[0-9 ]*"}
    return forms.CharField(max_length=CODE_CHARS, widget=UnfoldAdminTextInputWidget(attributes), label="Code")


class CodeForm(forms.Form):
    """A code of the app, or one of the recovery codes."""

    code = _code(recovery=True)


class AppCodeForm(forms.Form):
    """A code of the app."""

    code = _code(recovery=False)


class PasswordForm(forms.Form):
    """The account's own password, asked again before something that an unwatched screen should not allow."""

    password = forms.CharField(
        strip=False,
        max_length=1000,
        widget=UnfoldAdminPasswordWidget({"autocomplete": "current-password", "autofocus": True}),
        label="Your password",
    )
