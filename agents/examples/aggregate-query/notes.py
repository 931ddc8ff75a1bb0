"""What the documents in the room's vault say about something: the sentences that speak of it, word for word."""

from __future__ import annotations

import re

from hivemind_agent import Bridge, Row

MOST_SENTENCES = 5
COMMON = frozenset(
    """
    a about according all an and any are as at be by can could do does document documents for from give have has how i
    in is it its me memo mention mentions my note notes of on or our please say says show tell that the their there this
    to us vault was we were what when where which who why will with would you your
    """.split()  # noqa: SIM905 - a list of words reads better as text
)


def answer(bridge: Bridge, prompt: str) -> str:
    """The best fitting sentences of the vault's documents, as quotations."""
    documents = bridge.vault_items()
    if not documents:
        return "The room's vault holds no documents."
    wanted = words(prompt)
    found = [(score(sentence, wanted), row, sentence) for row in documents for sentence in sentences(str(row["text"]))]
    fitting = sorted((item for item in found if item[0]), key=lambda item: -item[0])[:MOST_SENTENCES]
    if not fitting and wanted:
        about = ", ".join(sorted(wanted))
        return f"The room's documents ({len(documents)}) say nothing about {about}."
    if not fitting:
        return "**The room's documents begin:**\n\n" + "\n".join(
            quote(row, str(row["text"])[:300]) for row in documents[:5]
        )
    return "**The room's documents say:**\n\n" + "\n".join(quote(row, sentence) for _, row, sentence in fitting)


def words(text: str) -> set[str]:
    """The words that carry meaning, without their plural's s."""
    return {word.rstrip("s") for word in re.findall(r"\w+", text.lower()) if len(word) > 1 and word not in COMMON}


def score(sentence: str, wanted: set[str]) -> int:
    """How many of the wanted words a sentence has."""
    return len(words(sentence) & wanted)


def sentences(text: str) -> list[str]:
    """The sentences and lines of a text, without Markdown's decoration."""
    parts = re.split(r"(?<=[.!?])\s+|\n+", text)
    return [part.strip(" #*->\t") for part in parts if part.strip(" #*->\t")]


def quote(row: Row, text: str) -> str:
    """One quotation with where it comes from."""
    metadata = row.get("metadata")
    details = metadata if isinstance(metadata, dict) else {}
    origin = details.get("title") or details.get("source") or row.get("item_id", "a document")
    return f"> {' '.join(text.split())} — {origin}"
