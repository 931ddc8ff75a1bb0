"""What stands below the facts of a page: panels, also from apps that the page's own app must not know.

A provider is given the row and the request, and answers with a panel or with None when it has nothing to say to this
person. Panels hold counts, states, times and digests; what is secret is never handed to one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.http import HttpRequest


@dataclass(frozen=True)
class Panel:
    """A titled box: facts by name, or a table, or a template of its own that is given `data`.

    A panel that comes `first` stands above the facts of the row itself.
    """

    title: str
    facts: Sequence[tuple[str, object]] = ()
    headers: Sequence[str] = ()
    rows: Sequence[Sequence[object]] = ()
    empty: str = ""
    template: str = ""
    data: object = None
    url: str = ""
    url_text: str = ""
    first: bool = False


Provider = Callable[[Any, HttpRequest], Panel | None]
_providers: dict[str, list[Provider]] = {}
_losses: dict[str, list[Callable[[Any], str]]] = {}


def add(model: str, provider: Provider) -> None:
    """Show what `provider` says on every page of `model` (`app.model`)."""
    _providers.setdefault(model, []).append(provider)


def of(row: Model, request: HttpRequest) -> list[Panel | None]:
    """What the providers say on one row's page."""
    return [provider(row, request) for provider in _providers.get(row._meta.label_lower, [])]


def add_loss(topic: str, teller: Callable[[Any], str]) -> None:
    """Have `teller` say in one sentence what a dangerous option takes away from a row; empty for nothing."""
    _losses.setdefault(topic, []).append(teller)


def losses(topic: str, row: Model) -> list[str]:
    """What the option `topic` takes away from `row`, as far as the apps know."""
    return [sentence for sentence in (teller(row) for teller in _losses.get(topic, [])) if sentence]
