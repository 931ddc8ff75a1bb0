"""What an operator may do to rows, described: one service call each, what follows from it, and a reason."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminTextInputWidget

from hivemind.kit import bearers
from hivemind.kit.audit import Actor

REASON_CHARS = 200


class ReasonForm(forms.Form):
    """Why the operator does it; kept in the trail."""

    reason = forms.CharField(
        max_length=REASON_CHARS,
        widget=UnfoldAdminTextInputWidget({"autocomplete": "off", "autofocus": True}),
        help_text="One sentence for the audit trail. Name no secrets.",
    )

    def clean_reason(self) -> str:
        """The reason; one that holds a key is refused, because the trail forgets nothing."""
        reason: str = self.cleaned_data["reason"]
        if bearers.holds_one(reason):
            raise forms.ValidationError("This holds a key or token, and the trail forgets nothing. Leave it out.")
        return reason


@dataclass(frozen=True)
class Deed:
    """One thing that can be done to rows after they were confirmed on a page of their own.

    `act` is the service call; it may raise DomainError. `applies` says whether it makes sense for a row; `follows` are
    the consequences in sentences; `done` completes "3 rooms …". `needs` is what an account must be permitted to do to
    rows of the model: `change`, `add` or `delete`. `asks` is the question on the page; empty: `title` and the noun.
    After what `deletes` its rows comes the list.
    """

    name: str
    title: str
    follows: Sequence[str]
    done: str
    act: Callable[[Any, Actor], object]
    applies: Callable[[Any], bool]
    icon: str = "bolt"
    dangerous: bool = True
    needs: str = "change"
    asks: str = ""
    deletes: bool = False


@dataclass(frozen=True)
class OwnPage:
    """One thing done to one row on a page of its own making: `view` is given the admin, the request and the row.

    `needs` as for a deed.
    """

    name: str
    title: str
    view: Callable[[Any, HttpRequest, Any], HttpResponseBase]
    icon: str = "edit"
    needs: str = "change"


@dataclass(frozen=True)
class WholePage:
    """One thing done to a table as a whole, on a page of its own making: `view` is given the admin and the request.

    `needs` as for a deed.
    """

    name: str
    title: str
    view: Callable[[Any, HttpRequest], HttpResponseBase]
    icon: str = "edit"
    needs: str = "change"


Act = Deed | OwnPage | WholePage


@dataclass(frozen=True)
class Button:
    """The button of a deed on the page of a row, or of a list, with the attributes that the theme reads."""

    view: Callable[[HttpRequest, str], HttpResponseBase]
    short_description: str
    icon: str
    url_path: str
    variant: ActionVariant = ActionVariant.DEFAULT
    attrs: dict[str, Any] = field(default_factory=dict)

    @property
    def original_function_name(self) -> str:
        """The name that the theme's checks report."""
        return self.url_path

    def __call__(self, request: HttpRequest, object_id: str = "") -> HttpResponseBase:
        """The page behind the button."""
        return self.view(request, object_id)
