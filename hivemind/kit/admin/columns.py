"""How values are written in lists and on pages: moments, lengths of time, digests, links and coloured states."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.contrib.admin.utils import quote
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from hivemind.kit import clock

NOTHING = "-"
Method = TypeVar("Method", bound=Callable[..., Any])


def column(title: str, *, order: str = "") -> Callable[[Method], Method]:
    """Make a method a column called `title`, sortable by `order` when that is given."""

    def decorate(method: Method) -> Method:
        setattr(method, "short_description", title)  # noqa: B010 - functions declare no such attribute
        if order:
            setattr(method, "admin_order_field", order)  # noqa: B010
        return method

    return decorate


def badge(kind: str, text: str) -> SafeString:
    """A coloured word; `kind` is info, going, success, warning, danger or plain."""
    return format_html('<span class="hm-badge hm-badge-{}">{}</span>', kind, text)


def stacked(first: object, second: object) -> SafeString:
    """Two values above each other, the second one quieter."""
    return format_html('<span class="hm-stacked"><span>{}</span><span>{}</span></span>', first, second)


def moment(at: datetime | None) -> SafeString | str:
    """How long ago `at` was; the exact time appears under the pointer."""
    if at is None:
        return NOTHING
    return format_html(
        '<time datetime="{}" title="{}" class="whitespace-nowrap">{}</time>', at.isoformat(), exact(at), ago(at)
    )


def both(at: datetime | None) -> SafeString | str:
    """The exact time and how long ago it was."""
    return format_html("{} <span class='text-subtle'>({})</span>", exact(at), ago(at)) if at else NOTHING


def exact(at: datetime) -> str:
    """The time to the second, in UTC."""
    return at.strftime("%Y-%m-%d %H:%M:%S UTC")


def ago(at: datetime) -> str:
    """`12 s ago`, `3 min ago`, `5 h ago`, `2 days ago`; `in 3 min` for what is to come."""
    apart = clock.now() - at
    text = span(abs(apart))
    return f"in {text}" if apart < timedelta(0) else f"{text} ago"


def span(length: timedelta) -> str:
    """A length of time in its largest unit."""
    seconds = int(length.total_seconds())
    for unit, size in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size * (2 if unit == "days" else 1):
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def took(start: datetime | None, end: datetime | None) -> str:
    """How long something took: `0.4 s`, `12 s`, `4 min 10 s`."""
    if start is None or end is None:
        return NOTHING
    seconds = max(0.0, (end - start).total_seconds())
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def size(count: int | None) -> str:
    """A number of bytes for people."""
    return NOTHING if count is None else str(filesizeformat(count)).replace("\xa0", " ")


def number(count: int | None) -> str:
    """A whole number with thousands apart."""
    return NOTHING if count is None else f"{count:,}"


def counted(count: int, noun: str) -> str:
    """`1 room`, `2 rooms`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def code(text: str, *, characters: int = 0) -> SafeString | str:
    """An id or a digest; only its first `characters`, when given, with all of it under the pointer."""
    if not text:
        return NOTHING
    shown = f"{text[:characters]}…" if 0 < characters < len(text) else text
    return format_html('<span class="hm-code" title="{}">{}</span>', text, shown)


def link(url: str, text: str) -> SafeString:
    """A link within the admin."""
    return format_html('<a class="hm-link" href="{}">{}</a>', url, text)


def page_of(model: str, key: str, *, page: str = "change") -> str:
    """The address of the page of one row, or of something done to it; `model` is `app_model`."""
    return reverse(f"admin:{model}_{page}", args=[quote(key)])


def list_of(model: str, **query: str) -> str:
    """The address of a list; `model` is `app_model`."""
    address = reverse(f"admin:{model}_changelist")
    return f"{address}?{urlencode(query)}" if query else address


def row(model: str, key: str, text: str = "") -> SafeString | str:
    """A link to the page of one row."""
    return link(page_of(model, key), text or key) if key else NOTHING
