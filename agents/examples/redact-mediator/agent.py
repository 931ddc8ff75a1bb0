"""A mediator without a model: blacks out what must not leave, and passes the rest on unchanged.

It redacts e-mail addresses, telephone numbers, keys and tokens, identifiers of people, and every column and word
that the room's rules deny.
"""

from __future__ import annotations

import re
import sys

from hivemind_agent import AgentError, read_input, read_rules

RULES = ("forbidden words", "deny columns")
PERSONAL = ("user_id", "userid", "user id", "account_id", "customer_id", "e-mail", "email", "phone", "ssn", "iban")

TOKENS = re.compile(
    r"\b(?:hm[kqs]_|hmcc_|hmroom://|sk-|rk-|pk-|xox[abprs]-|gh[opsu]_|github_pat_|glpat-|AKIA|ASIA|AIza)[\w./?=&%+-]{8,}"
    r"|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|\bbearer\s+[\w.~+/-]{8,}=*",
    re.DOTALL | re.IGNORECASE,
)
SECRETS = re.compile(
    r"\b((?:passwords?|passwd|secrets?|api[_ -]?keys?|access[_ -]?key|token)[\"']?\s*[:=]\s*)"
    r"(\"[^\"]*\"|'[^']*'|[^\s,;|]+)",
    re.IGNORECASE,
)
# From the sign on; what stands before it is found by walking back, as a pattern would look again and again.
AT_ADDRESS = re.compile(
    r"\s?(?:@|\(at\)|\[at\])\s?(?:[\w-]+(?:\.|\s?(?:\(dot\)|\[dot\])\s?))+[^\W\d_]{2,}", re.IGNORECASE
)
BEFORE_AT = frozenset("!#$%&'*+/=?^_`{|}~.-")
UUIDS = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", re.IGNORECASE)
USER_IDS = re.compile(
    r"\b(?:u_|(?:uid|usr|user|viewer|customer|account)[_#-])\w*\d\w*"
    r"|\b(?:user|viewer|customer|account) (?:no\.? ?)?#?\d+\b",
    re.IGNORECASE,
)
PHONES = re.compile(r"(?<![\w.,-])(?:\+|\()?\d(?:[ ()/.-]{0,2}\d){8,14}(?![\w-])")
NO_PHONE = re.compile(r"(?:(?:19|20)\d\d[ /-]*)+|\d{4}-\d\d-\d\d.*|\d+\.\d+")
LONG_NUMBERS = re.compile(r"(?<![\w.,])\d{9,}(?!\w|[.,]\d)")
# Characters that show nothing and would hide a word from the patterns, where they touch ordinary ones.
UNSEEN = r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]+"
HIDDEN_IN_WORDS = re.compile(rf"(?<=[!-~]){UNSEEN}|{UNSEEN}(?=[!-~])")


def redact(text: str, policy: str) -> str:
    """``text`` without what must not leave."""
    rules = read_rules(policy, RULES)
    names = [*PERSONAL, *rules.get("deny columns", [])]
    text = HIDDEN_IN_WORDS.sub("", text)
    text = TOKENS.sub("[redacted key]", text)
    text = SECRETS.sub(r"\1[redacted secret]", text)
    text = without_values(without_columns(text, names), names)
    text = without_addresses(text)
    text = UUIDS.sub("[redacted id]", text)
    text = USER_IDS.sub("[redacted id]", text)
    text = PHONES.sub(_phone, text)
    text = LONG_NUMBERS.sub("[redacted number]", text)
    for word in rules.get("forbidden words", []):
        text = forbidden(word).sub("[redacted]", text)
    return text


def without_addresses(text: str) -> str:
    """Black out e-mail addresses, also ``name (at) example (dot) org``."""
    parts, done = [], 0
    for match in AT_ADDRESS.finditer(text):
        start = match.start()
        while start > done and (text[start - 1].isalnum() or text[start - 1] in BEFORE_AT):
            start -= 1
        if start < match.start():
            parts += [text[done:start], "[redacted e-mail]"]
            done = match.end()
    return "".join([*parts, text[done:]])


def without_values(text: str, names: list[str]) -> str:
    """Black out ``name: value`` and ``"name": value`` for each of ``names``."""
    spelled = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    said = rf"(?<!\w)[\"'`*]*(?:{spelled})[\"'`*]*\s*(?:[:=]|\bis\b)[*\s]*"
    return re.sub(rf"({said})(\"[^\"]*\"|'[^']*'|[^\n,;|}}\])]+)", r"\1[redacted]", text, flags=re.IGNORECASE)


def without_columns(text: str, names: list[str]) -> str:
    """Black out the columns of Markdown tables whose heading is one of ``names``."""
    wanted = {_heading(name) for name in names}
    lines: list[str] = []
    hidden: set[int] = set()
    for line in text.split("\n"):
        cells = line.strip().strip("|").split("|") if line.count("|") > 1 else []
        if cells and hidden and not set(line) <= set("|:- "):
            shown = ("[redacted]" if place in hidden else cell.strip() for place, cell in enumerate(cells))
            lines.append(f"| {' | '.join(shown)} |")
            continue
        if not hidden or not cells:
            hidden = {place for place, cell in enumerate(cells) if _heading(cell) in wanted}
        lines.append(line)
    return "\n".join(lines)


def forbidden(word: str) -> re.Pattern[str]:
    """The word in any case, its parts separated by anything that is no letter or digit."""
    parts = [re.escape(part) for part in re.findall(r"[^\W_]+", word)]
    if not parts:
        return re.compile("(?!)")
    return re.compile(r"(?<![^\W_])" + r"[\W_]+".join(parts) + r"(?![^\W_])", re.IGNORECASE)


def _heading(cell: str) -> str:
    return re.sub(r"[\W_]+", "", cell).lower()


def _phone(match: re.Match[str]) -> str:
    return match.group() if NO_PHONE.fullmatch(match.group()) else "[redacted number]"


def main() -> int:
    """Print the redacted answer. Without an answer there is nothing to let out."""
    try:
        raw = read_input("RAW_OUTPUT")
    except AgentError as problem:
        print(problem, file=sys.stderr)
        return 1
    print(redact(raw, read_input("MEDIATION_POLICY", "")))
    return 0


if __name__ == "__main__":
    sys.exit(main())
