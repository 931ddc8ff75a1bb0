"""From what a request says to what a manifest may hold.

All functions raise ManifestError with the request's field.
"""

import re
from collections.abc import Iterable
from typing import Final

from attestation.errors import ManifestError

PROVIDERS: Final = ("openrouter", "tinfoil")
DEFAULT_PROVIDERS: Final = ("openrouter",)

OPERATOR_UPDATES: Final = "operator_updates"
PINNED: Final = "pinned"
OWNER_APPROVED: Final = "owner_approved"
TRUST_MODES: Final = (OPERATOR_UPDATES, PINNED, OWNER_APPROVED)

FIXED: Final = "fixed"
UPLOADABLE: Final = "uploadable"
QUERY_MODES: Final = (FIXED, UPLOADABLE)

TABLE_NAME: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9_]{0,62}")


def normalise_providers(values: object) -> tuple[str, ...]:
    """Model providers, trimmed, lower-cased, each once. None means the default; empty means no models."""
    field = "egress.llm_providers"
    if values is None:
        return DEFAULT_PROVIDERS
    providers = _unique(text.strip().lower() for text in _texts(values, field))
    if any(provider not in PROVIDERS for provider in providers):
        raise ManifestError("provider_unknown", field, f"Known model providers are {' and '.join(PROVIDERS)}.")
    return providers


def normalise_composes(values: object) -> tuple[str, ...]:
    """Compose hashes, trimmed and lower-cased, blanks dropped. Their length is not checked."""
    if values is None:
        return ()
    texts = (text.strip().lower() for text in _texts(values, "trust.allowed_composes"))
    return tuple(text for text in texts if text)


def normalise_tables(values: object) -> tuple[str, ...]:
    """Table names, trimmed; of names that differ in case only, the first spelling stays. None means none.

    Whether the tables exist is left to the caller.
    """
    field = "allowed_tables"
    if values is None:
        return ()
    first_spelling: dict[str, str] = {}
    for name in (text.strip() for text in _texts(values, field)):
        if name.startswith("_"):
            raise ManifestError("table_reserved", field, "Table names that start with an underscore are reserved.")
        if not TABLE_NAME.fullmatch(name):
            raise ManifestError("table_name_invalid", field, "A table name has letters, digits and underscores.")
        first_spelling.setdefault(name.lower(), name)
    return tuple(first_spelling.values())


def normalise_query(mode: object, agent_id: object) -> tuple[str | None, str]:
    """Query mode and agent id of a request.

    An id alone means `fixed`; neither leaves the mode open (None).
    """
    wanted = _optional_text(mode, "query_mode")
    agent = _optional_text(agent_id, "query_agent_id")
    if wanted and wanted not in QUERY_MODES:
        raise ManifestError("unknown_choice", "query_mode", "A query mode is fixed or uploadable.")
    if wanted == FIXED and not agent:
        raise ManifestError("query_agent_missing", "query_agent_id", "A fixed query needs an agent.")
    return wanted or (FIXED if agent else None), agent


def normalise_trust(mode: object, composes: object) -> tuple[str, tuple[str, ...]]:
    """Trust mode and allowed builds of a request for a new room. `pinned` without builds is refused.

    `owner_approved` without builds passes: the caller fills in the running build or refuses.
    """
    wanted = _optional_text(mode, "trust.mode") or OPERATOR_UPDATES
    if wanted not in TRUST_MODES:
        raise ManifestError("unknown_choice", "trust.mode", f"A trust mode is one of {', '.join(TRUST_MODES)}.")
    allowed = normalise_composes(composes)
    if wanted == PINNED and not allowed:
        raise ManifestError("composes_missing", "trust.allowed_composes", "A pinned room must list its builds.")
    return wanted, allowed


def _texts(values: object, field: str) -> list[str]:
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise ManifestError("not_list", field)
    texts = list(values)
    if not all(isinstance(text, str) for text in texts):
        raise ManifestError("not_text", field)
    return texts


def _optional_text(value: object, field: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ManifestError("not_text", field)
    return value.strip()


def _unique(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
