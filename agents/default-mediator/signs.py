"""What can be told about a text without a model: whether a program failed in it, and whether secrets are in it."""

from __future__ import annotations

import re

_DIAGNOSTIC = re.compile(
    r"\ATraceback \(most recent call last\)|^Traceback \(most recent call last\):\s*\n\s+File \""
    r"|\A(?:API|Internal server|Runtime|Fatal) error\b|\ABudget exhausted"
    r"|\AAPI call failed after \d+ retries\b|\AHTTP [45]\d\d: "
    r"|\A(?:hivemind_agent\.|urllib3?\.|http\.client\.|httpx\.)\S*(?:Error|Exception)",
    re.MULTILINE | re.IGNORECASE,
)
_SECRETS = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|\b(?:hm[kqs]_|hmcc_|hmroom://|sk-|rk-|xox[abprs]-|gh[opsu]_|github_pat_|glpat-|AKIA|ASIA|AIza)[\w./?=&%+-]{8,}"
    r"|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"
    r"|\bbearer\s+[\w.~+/-]{12,}=*",
    re.DOTALL | re.IGNORECASE,
)
_NAMED_SECRETS = re.compile(
    r"\b((?:passwords?|passwd|secrets?|api[_ -]?keys?|access[_ -]?keys?|tokens?)[\"'`*]*\s*[:=]\s*[\"'`*]*)"
    r"([^\s,;|\"'`]{6,})",
    re.IGNORECASE,
)
MARK = "[withheld]"


def is_diagnostic(text: str) -> bool:
    """Whether a program's failure was printed in the place of an answer."""
    return bool(_DIAGNOSTIC.search(text.strip()[:4000]))


def has_secrets(text: str) -> bool:
    """Whether something in it looks like a key, a token or a password."""
    return bool(_SECRETS.search(text) or _NAMED_SECRETS.search(text))


def without_secrets(text: str) -> str:
    """The text with everything that looks like a key, a token or a password blacked out."""
    return _NAMED_SECRETS.sub(rf"\g<1>{MARK}", _SECRETS.sub(MARK, text))
