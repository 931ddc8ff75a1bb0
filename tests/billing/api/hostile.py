"""What somebody may put where a number, a moment or a text is expected."""

import json
from typing import Any

from hypothesis import strategies as st


class Raw(str):
    """Something that is written into JSON as it stands."""


NUMBERS = [0, -1, 2**63, 10**40, 10**4000, 0.1, 1e-300, 1e300]
TOKENS = [Raw(text) for text in ("NaN", "Infinity", "-Infinity", "1e400", "9" * 5000)]
TEXTS = [
    "",
    " ",
    "a\0b",
    "NaN",
    "sNaN",
    "Infinity",
    "1e400",
    "1e999999999",
    "1e-999999999",
    "-1",
    "1_000",
    "1,000",
    "\u0663",
    "\u00b2",
    "1\u00a0",
    "\ud800",
    "9" * 5_000,
    "'; DROP TABLE billing_account; --",
    "\r\nX-Odd: 1",
    "https://[::1",
    "https://xn--\u00fc:99999",
    "https://" + "a." * 400,
]
NESTED = [None, True, [], [1], {}, {"a": {"b": [None]}}, {"\0": 1}]
VALUES: list[Any] = [*NUMBERS, *TOKENS, *TEXTS, *NESTED]

_leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
ANYTHING = st.sampled_from(VALUES) | st.recursive(
    _leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=6
)


def written(body: dict[str, Any]) -> bytes:
    """The body as JSON, of which NaN and numbers beyond every bound are part."""
    parts = (f"{json.dumps(key)}: {v if isinstance(v, Raw) else json.dumps(v)}" for key, v in body.items())
    return ("{" + ", ".join(parts) + "}").encode()
