"""Judging the files that the query agent left: texts are checked like the answer, everything else stays.

Where the room takes no files there is nothing to judge, and the bridge is not asked.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hivemind_agent import Bridge, BridgeRefused

TEXTS = ("text/", "application/json", "application/x-ndjson", "application/xml")
LARGEST_TEXT_BYTES = 400_000

Check = Callable[[str], "str | None"]


def judge_files(check: Check) -> None:
    """Put the checked text in the place of each text, and keep everything else back. Raises what the bridge raises.

    A PDF leaves only when it was made anew from a text that was checked.
    """
    if "HIVEMIND_ARTIFACTS_DIR" not in os.environ:
        return
    bridge = Bridge.from_environment()
    fresh: set[str] = set()
    for file in sorted(bridge.waiting_artifacts(), key=lambda file: not _is_text(file)):
        name = str(file["filename"])
        if name in fresh or name not in _names(bridge):
            continue
        text = _text_of(file) if _is_text(file) else None
        allowed = check(text) if text else None
        fresh |= _replaced(bridge, name, allowed) if allowed else _withheld(bridge, name)


def withhold_files() -> None:
    """Keep every file back. Raises what the bridge raises."""
    judge_files(lambda _text: None)


def _replaced(bridge: Bridge, name: str, text: str) -> set[str]:
    """Put the text in the file's place, or keep the file back when that is not possible; what may leave now."""
    try:
        return {str(made["filename"]) for made in bridge.replace_artifact(name, text)}
    except BridgeRefused as refusal:
        print(f"A file could not be replaced: {refusal.status}", file=sys.stderr)
        return _withheld(bridge, name)


def _withheld(bridge: Bridge, name: str) -> set[str]:
    bridge.withhold_artifact(name)
    return set()


def _names(bridge: Bridge) -> set[str]:
    return {str(file["filename"]) for file in bridge.waiting_artifacts()}


def _is_text(file: dict[str, Any]) -> bool:
    return str(file.get("content_type") or "").lower().startswith(TEXTS)


def _text_of(file: dict[str, Any]) -> str | None:
    """The file's text, None when it is too large or no text after all."""
    try:
        raw = Path(str(file["path"])).read_bytes()
        return raw.decode("utf-8") if len(raw) <= LARGEST_TEXT_BYTES else None
    except (OSError, ValueError):
        return None
