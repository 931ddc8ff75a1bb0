"""Lists longer than one answer: the next page is named by the header `X-Next-Cursor`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from hmctl.client import wire
from hmctl.client.transport import Answer, JsonObject
from hmctl.errors import BadAnswer

PAGE_ROWS: Final = 100
BOOK_ROWS: Final = 1000  # of short rows, such as movements of money
NEXT: Final = "x-next-cursor"


@dataclass(frozen=True)
class Page:
    """Rows of one answer and the cursor of the next, empty at the end (or on services that have none).

    `answer` is the whole of it where the rows are only a member.
    """

    rows: list[JsonObject]
    next_cursor: str = ""
    answer: JsonObject = field(default_factory=dict)


def collect(fetch: Callable[[int, str], Page], *, limit: int | None, page_rows: int = PAGE_ROWS) -> list[JsonObject]:
    """Up to `limit` rows (None means all) from `fetch(rows, cursor)`, page by page."""
    rows: list[JsonObject] = []
    cursor, seen = "", {""}
    while limit is None or len(rows) < limit:
        wanted = page_rows if limit is None else min(page_rows, limit - len(rows))
        page = fetch(wanted, cursor)
        rows += page.rows
        cursor = page.next_cursor
        if not cursor:
            break
        if cursor in seen:
            raise BadAnswer("the service's list never ends: it named the same next page twice")
        seen.add(cursor)
    return rows if limit is None else rows[:limit]


def of(answer: Answer, name: str) -> Page:
    """The page in the list member `name` of an answer (BadAnswer if it is no object)."""
    body = answer.object()
    return Page(wire.objects(body, name), answer.headers.get(NEXT, ""), body)


def params(rows: int, cursor: str) -> dict[str, str]:
    """Query parameters of one page."""
    return {"limit": str(rows)} | ({"cursor": cursor} if cursor else {})
