"""Which mode the scope stage is told to work in, and why (wire format, `scope_mode` and `scope_mode_reason`)."""

import re
from dataclasses import dataclass

REPORT_WORDS = (
    "artifact",
    "attachment",
    "deep research",
    "file",
    "memo",
    "pdf",
    "report",
    "research",
    "study",
    "writeup",
)
POLICY_MARKS = (
    "except",
    "unless",
    "not allowed",
    "forbidden",
    "must not",
    "only allow",
    "artifact",
    "vault",
    "row-level",
)
LONG_POLICY = 300


@dataclass(frozen=True)
class ScopeFacts:
    """What the choice depends on."""

    override: str
    query_sealed: bool
    vault_items: int
    query_agent_id: str
    artifacts: bool
    prompt: str
    policy: str


def choose(facts: ScopeFacts) -> tuple[str, str]:
    """The mode and its reason. The first rule that matches decides."""
    if facts.override:
        return facts.override, "operator_override"
    if facts.query_sealed:
        return "sealed_conservative", "query_agent_inspection_mode_sealed"
    if facts.vault_items:
        return "rehearsed", "room_vault_items_present"
    if not facts.query_agent_id.startswith("default-"):
        return "rehearsed", "custom_or_uploaded_query_agent"
    if facts.artifacts and _mentions(facts.prompt, REPORT_WORDS):
        return "rehearsed", "artifact_or_report_prompt"
    if len(facts.policy) >= LONG_POLICY or _count(facts.policy, POLICY_MARKS) >= 2:
        return "rehearsed", "complex_policy"
    return "fast", "default_fast_path"


def _mentions(text: str, words: tuple[str, ...]) -> bool:
    return _count(text, words) > 0


def _count(text: str, words: tuple[str, ...]) -> int:
    folded = text.lower()
    return sum(1 for word in words if re.search(rf"\b{re.escape(word)}", folded))
