"""Forms that act once: each carries a random number, signed so that only fresh pages of ours are accepted."""

import secrets
from datetime import timedelta

from django import forms
from django.core import signing
from unfold.widgets import UnfoldAdminTextInputWidget

from hivemind.kit import bearers
from hivemind.kit.admin.deeds import REASON_CHARS

SALT = "billing.page"
ACCEPTED_FOR = timedelta(hours=12)
STALE = "This page is too old. Open it again; nothing was done."
TWICE = "This page was sent before. Nothing was done a second time."


def new_page() -> str:
    """What a fresh page carries."""
    return signing.dumps(secrets.token_hex(16), salt=SALT)


class OncePage(forms.Form):
    """A form with the number of its page, which `cleaned_data["page"]` holds when it is one of ours and fresh."""

    page = forms.CharField(required=False, widget=forms.HiddenInput, initial=new_page)

    def clean_page(self) -> str:
        """The number; raises ValidationError for an old or a made-up one."""
        try:
            number: str = signing.loads(self.cleaned_data["page"], salt=SALT, max_age=ACCEPTED_FOR)
        except signing.BadSignature as error:
            raise forms.ValidationError(STALE) from error
        return number


class Why(forms.CharField):
    """One sentence that is kept for ever beside what was done; one that holds a key is refused."""

    def __init__(self, *, help_text: str, label: str = "Reason") -> None:
        widget = UnfoldAdminTextInputWidget({"autocomplete": "off"})
        super().__init__(label=label, max_length=REASON_CHARS, widget=widget, help_text=help_text)

    def clean(self, value: object) -> str:
        """The sentence."""
        text = str(super().clean(value))
        if bearers.holds_one(text):
            raise forms.ValidationError("This holds a key or token, and the books forget nothing. Leave it out.")
        return text
