"""Filters of lists, phrased as questions, shown above the list with their answers."""

from collections.abc import Callable
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


class Question(SimpleListFilter):
    """A filter. `title` is the question; `answers` are what may be answered."""

    answers: ClassVar[tuple[Answer, ...]]
    template = "hivemind/admin/question.html"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:
        """What may be answered."""
        return [(answer.word, answer.text) for answer in self.answers]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        """The rows that the chosen answer is true of; all of them for a word that is none."""
        for answer in self.answers:
            if answer.word == self.value():
                return answer.keep(queryset)
        return queryset


def question(title: str, parameter: str, *answers: Answer) -> type[Question]:
    """A filter that asks `title` and keeps its answer in the address under `parameter`."""
    return type("Asked", (Question,), {"title": title, "parameter_name": parameter, "answers": answers})
