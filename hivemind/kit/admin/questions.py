"""Filters of lists, phrased as questions, shown above the list with their answers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest

Rows = QuerySet[Any]


@dataclass(frozen=True)
class Answer:
    """One answer: its word in the address, its text, and the rows that it is true of."""

    word: str
    text: str
    keep: Callable[[Rows], Rows]


ANY = "any"


class Question(SimpleListFilter):
    """A filter. `title` is the question; `answers` are what may be answered.

    `default` is the word of the answer that holds while nobody chose one; empty for none, which shows all rows.
    """

    answers: ClassVar[tuple[Answer, ...]]
    default: ClassVar[str] = ""
    template = "hivemind/admin/question.html"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:
        """What may be answered."""
        return [(answer.word, answer.text) for answer in self.answers]

    def value(self) -> str | None:
        """The word that was chosen, or holds without a choice."""
        return super().value() or self.default or None

    def choices(self, changelist: Any) -> Iterator[Any]:
        """All rows first; where an answer holds by itself, they have to be asked for."""
        for number, choice in enumerate(super().choices(changelist)):
            if number == 0 and self.default:
                asked = changelist.get_query_string({self.parameter_name: ANY})
                yield {**choice, "selected": self.value() == ANY, "query_string": asked}
            else:
                yield choice

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        """The rows that the chosen answer is true of; all of them for a word that is none."""
        for answer in self.answers:
            if answer.word == self.value():
                return answer.keep(queryset)
        return queryset


def question(title: str, parameter: str, *answers: Answer, default: str = "") -> type[Question]:
    """A filter that asks `title` and keeps its answer in the address under `parameter`."""
    words = {"title": title, "parameter_name": parameter, "answers": answers, "default": default}
    return type("Asked", (Question,), words)
