"""Statistics of a watch history, with themes that the room's model finds in the numbers.

It prints one JSON object. The model is shown counts only, and the report is complete without it.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from history import find, read
from hivemind_agent import AgentError, Bridge, Denied, read_input
from hivemind_agent.texts import clipped, last_object_with, visible
from statistics_of import summary

ASK = """
These are counts of one person's watch history. Name up to five themes that they suggest.
Reply with one JSON object: {"themes": [{"theme": "...", "evidence": "..."}]}

Question: QUESTION

Counts: COUNTS
"""
MOST_THEMES = 5
MOST_THEME_CHARS = 300


def themes(bridge: Bridge, question: str, counts: dict[str, Any]) -> list[dict[str, str]]:
    """The model's themes; the most frequent names when it gives none."""
    ask = ASK.replace("QUESTION", clipped(question, 2000)).replace("COUNTS", json.dumps(counts, ensure_ascii=False))
    try:
        said = last_object_with(bridge.chat([{"role": "user", "content": ask}], max_tokens=1024), "themes") or {}
    except AgentError as problem:
        print(f"No model: {problem}", file=sys.stderr)
        said = {}
    items = said.get("themes")
    found = [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    told = [{name: _line(item.get(name)) for name in ("theme", "evidence")} for item in found[:MOST_THEMES]]
    if any(item["theme"] for item in told):
        return [item for item in told if item["theme"]]
    names = counts["top_topics"] or counts["top_hashtags"]
    return [{"theme": item["name"], "evidence": f"{item['views']} views"} for item in names[:MOST_THEMES]]


def report(bridge: Bridge, question: str) -> dict[str, Any]:
    """The whole result: ``status`` and, when it is ``ok``, ``report``. Raises AgentError."""
    history = find(bridge.get_schema())
    if history is None:
        return {"status": "no_watch_history"}
    try:
        rows = read(bridge, history)
    except Denied as refusal:
        return {"status": "refused", "reason": refusal.reason}
    counts = summary(history, rows)
    if not counts["views"]:
        return {"status": "empty"}
    result = {"status": "ok", "report": counts | {"themes": themes(bridge, question, counts)}}
    return result | kept(bridge, result["report"])


def kept(bridge: Bridge, content: Any) -> dict[str, Any]:
    """The report as a file beside the answer, where the room takes files: where it is and how long."""
    if read_input("HIVEMIND_QUERY_UPLOAD_ARTIFACTS", "").lower() != "true":
        return {}
    raw = json.dumps(content, ensure_ascii=False, indent=2).encode()
    try:
        told = bridge.upload_artifact("report.json", raw, content_type="application/json")
    except AgentError as problem:
        print(f"The report was not kept as a file: {problem}", file=sys.stderr)
        return {}
    return {"artifact_path": told.get("path"), "artifact_size_bytes": told.get("size_bytes")}


def _line(value: Any) -> str:
    return clipped(" ".join(visible(str(value or "")).split()), MOST_THEME_CHARS)


def main() -> int:
    """Print the result as JSON."""
    try:
        result = report(Bridge.from_environment(), read_input("QUERY_PROMPT", ""))
    except AgentError as problem:
        print(f"No report: {problem}", file=sys.stderr)
        result = {"status": "failed"}
    print(json.dumps(result, ensure_ascii=False, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
