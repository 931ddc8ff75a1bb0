"""Harmless questions with their known answers: what a room is for."""

from eval.corpus import by_hand, templated
from eval.corpus.counting import Question
from eval.dataset.generate import Dataset


def corpus(data: Dataset) -> list[Question]:
    """Every question, in a fixed order."""
    return [*templated.questions(data), *by_hand.questions(data)]


def sample(questions: list[Question], count: int) -> list[Question]:
    """Some of them, spread over all."""
    return questions[:: max(len(questions) // count, 1)][:count]
