"""What the operator fills in about a tenant."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldBooleanWidget

from hivemind.kit.admin.deeds import ReasonForm
from tenants.services.tenants import NAME_CHARS


def _name() -> forms.CharField:
    widget = UnfoldAdminTextInputWidget({"autocomplete": "off", "autofocus": True})
    return forms.CharField(max_length=NAME_CHARS, widget=widget, help_text="How people will recognise the tenant.")


class CreateForm(forms.Form):
    """A tenant to be made."""

    name = _name()


class RenameForm(forms.Form):
    """Another name."""

    name = _name()


class ResetForm(ReasonForm):
    """A new owner key, and what goes with the old one.

    `replaces` is the id of the key that the page spoke of, so that a page sent twice replaces one key only.
    """

    clear_seal = forms.BooleanField(required=False, label="Clear the seal", widget=UnfoldBooleanWidget)
    revoke_capabilities = forms.BooleanField(
        required=False, label="Revoke every invite and share link", widget=UnfoldBooleanWidget
    )
    understood = forms.BooleanField(
        label="I have read what will be lost", widget=UnfoldBooleanWidget, error_messages={"required": "Confirm this."}
    )
    replaces = forms.CharField(required=False, widget=forms.HiddenInput)
    field_order = ("clear_seal", "revoke_capabilities", "reason", "understood")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].widget.attrs.pop("autofocus", None)


class DeleteForm(ReasonForm):
    """The end of a tenant, whose name has to be typed."""

    name = forms.CharField(
        label="Name of the tenant",
        widget=UnfoldAdminTextInputWidget({"autocomplete": "off", "autofocus": True}),
        help_text="Type it as it stands above.",
    )
    field_order = ("name", "reason")

    def __init__(self, *args: Any, tenant_name: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].widget.attrs.pop("autofocus", None)
        self._tenant_name = tenant_name

    def clean_name(self) -> str:
        """The name, which must be the tenant's."""
        name: str = self.cleaned_data["name"]
        if name.strip() != self._tenant_name.strip():
            raise forms.ValidationError("This is not the name of the tenant.")
        return name
