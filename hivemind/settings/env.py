"""Typed readers of the environment: a wrong value or an unknown name stops the start with one clear line.

A secret may come from a file: `HIVEMIND_ADMIN_KEY_FILE=/run/secrets/admin` reads it from there.
"""

import os
from collections.abc import Mapping
from dataclasses import Field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import environ

from hivemind.settings.rates import parse_rate
from hivemind.settings.schema import (
    CLIENT_NAMES,
    PREFIX,
    Access,
    Artifacts,
    Billing,
    Budgets,
    Defaults,
    Evidence,
    Llm,
    Retention,
    Sandbox,
    Schema,
    ScopeHints,
    Service,
    Throttles,
    Uploads,
)

GROUPS = {
    "service": Service,
    "llm": Llm,
    "sandbox": Sandbox,
    "budgets": Budgets,
    "scope_hints": ScopeHints,
    "artifacts": Artifacts,
    "retention": Retention,
    "uploads": Uploads,
    "defaults": Defaults,
    "billing": Billing,
    "throttles": Throttles,
    "access": Access,
    "evidence": Evidence,
}
# Names of the test suite, which are no settings and are not taken for misspelt ones.
TESTS = "TEST_"
TRUE, FALSE = frozenset({"1", "true", "yes", "on"}), frozenset({"0", "false", "no", "off", ""})


class SettingsError(SystemExit):
    """A setting is unknown or malformed. The process ends with this one line and exit status 1."""

    def __init__(self, sentence: str) -> None:
        super().__init__(f"settings: {sentence}")


def load(environment: Mapping[str, str], *, base_dir: Path) -> Schema:
    """Read all groups from `environment`. Raises SettingsError on any unknown name or bad value."""
    values = {key: value for key, value in environment.items() if key.startswith(PREFIX)}
    _refuse_unknown(values)
    groups: dict[str, Any] = {
        name: group(**{f.name: _read(f, values) for f in fields(group)}) for name, group in GROUPS.items()
    }
    if groups["evidence"].enclave_tls and not groups["evidence"].mode:
        raise SettingsError(f"{PREFIX}ENCLAVE_TLS takes its key from a guest agent; set {PREFIX}EVIDENCE to dstack")
    index = groups["sandbox"].build_index_url
    if index and not index.startswith(("http://", "https://")):
        raise SettingsError(f"{PREFIX}BUILD_INDEX_URL must be an http or https address")
    state = groups["service"].state_dir
    return Schema(**groups, state_dir=Path(state).resolve() if state else base_dir / "var")


def read_env_file(path: Path) -> None:
    """Take variables from `path` into the environment, never over ones that are already set."""
    if path.is_file():
        environ.Env.read_env(str(path), overwrite=False)


def _declared() -> dict[str, "Field[Any]"]:
    return {f.metadata["name"]: f for group in GROUPS.values() for f in fields(group)}


def _refuse_unknown(values: Mapping[str, str]) -> None:
    declared = _declared()
    known = set(declared) | CLIENT_NAMES | {f"{n}_FILE" for n, f in declared.items() if f.metadata["secret"]}
    for key in sorted(values):
        name = key.removeprefix(PREFIX)
        if name not in known and not name.startswith(TESTS):
            near = get_close_matches(name, known, n=1)
            hint = (
                f"; did you mean {PREFIX}{near[0]}?"
                if near
                else "; unset it or look it up in docs/reference/settings.md"
            )
            raise SettingsError(f"{key} is not a setting of Hivemind{hint}")


def _read(declared: "Field[Any]", values: Mapping[str, str]) -> Any:
    name = PREFIX + declared.metadata["name"]
    text = values.get(name)
    if declared.metadata["secret"] and f"{name}_FILE" in values:
        if text:
            raise SettingsError(f"{name} and {name}_FILE are both set; keep one of them")
        text = _read_secret_file(name, Path(values[f"{name}_FILE"]))
    if text is None or (text == "" and declared.type is not str):
        return declared.default
    return _checked(name, _parsed(name, text.strip(), declared.type), declared)


def _read_secret_file(name: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(f"{name}_FILE names {path}, which cannot be read ({error.strerror})") from error


def _parsed(name: str, text: str, kind: Any) -> Any:
    if kind is bool:
        if text.lower() in TRUE | FALSE:
            return text.lower() in TRUE
        raise SettingsError(f"{name} must be true or false, not {text!r}")
    if kind in (int, float):
        try:
            return kind(text)
        except ValueError as error:
            wanted = "a whole number" if kind is int else "a number"
            raise SettingsError(f"{name} must be {wanted}, not {text!r}") from error
    return text


def _checked(name: str, value: Any, declared: "Field[Any]") -> Any:
    minimum, choices = declared.metadata["minimum"], declared.metadata["choices"]
    if minimum is not None and not value >= minimum:
        raise SettingsError(f"{name} must be at least {minimum}, not {value}")
    if choices and value not in choices:
        raise SettingsError(f"{name} must be one of {', '.join(repr(c) for c in choices)}, not {value!r}")
    if declared.metadata["rate"]:
        try:
            parse_rate(value)
        except ValueError as error:
            raise SettingsError(f"{name}: {value!r} is {error}") from error
    return value


def from_process(base_dir: Path) -> Schema:
    """Read the process's environment, with `.env` in `base_dir` filling what is not set."""
    read_env_file(base_dir / ".env")
    return load(os.environ, base_dir=base_dir)
