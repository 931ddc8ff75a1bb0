"""What the flags and the environment say, read once; nothing else looks at the environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from hmctl.errors import BadInput

DEFAULT_SERVICE: Final = "https://hivemind.teleport.computer"
TRUST_POLICY: Final = "trust-policy.json"  # in the home directory: what the user demands of services
_ON: Final = frozenset({"1", "true", "yes", "on", "y"})
_OFF: Final = frozenset({"", "0", "false", "no", "off", "n"})
_SILENCERS: Final = ("HIVEMIND_DISABLE_DCAP", "HIVEMIND_DISABLE_TLS_PIN", "HIVEMIND_DISABLE_APP_AUTH")


@dataclass(frozen=True)
class Flags:
    """The global options as given on the command line."""

    assume_yes: bool = False
    skip_attestations: bool = False
    allow_degraded: bool = False
    accept_development: bool = False
    profile: str | None = None
    verbose: bool = False


@dataclass(frozen=True)
class Settings:
    """Flags and environment together.

    `require_hardware` refuses a service without hardware evidence, `require_channel` one whose evidence does not name
    the certificate. `assume_yes` answers confirmations; `trust_all` answers only the questions of the trust gate and of
    `room prune`. Neither accepts the terms of a room. `admin_key_text` and `github_token_text` are
    secret and never shown.
    """

    home: Path
    home_is_default: bool
    profile: str | None
    default_service: str
    assume_yes: bool
    trust_all: bool
    skip_attestations: bool
    allow_degraded: bool
    accept_development: bool
    require_hardware: bool
    require_channel: bool
    expected_compose: str
    collateral_file: Path | None
    pccs_url: str
    evidence_timeout_seconds: float
    verbose: bool
    plain: bool
    admin_key_text: str = field(repr=False)
    github_token_text: str = field(default="", repr=False)


def read(flags: Flags, environment: Mapping[str, str]) -> Settings:
    """Settings from both sources; a switch with a value that is neither yes nor no is refused (BadInput)."""
    _refuse_silencing(environment)
    chosen = environment.get("HIVEMIND_HOME", "").strip()
    home = Path(chosen).expanduser() if chosen else Path(environment.get("HOME") or "~").expanduser() / ".hivemind"
    return Settings(
        home=home,
        home_is_default=not chosen,
        profile=flags.profile or environment.get("HIVEMIND_PROFILE", "").strip() or None,
        default_service=environment.get("HIVEMIND_DEFAULT_SERVICE", "").strip() or DEFAULT_SERVICE,
        assume_yes=flags.assume_yes,
        trust_all=flags.assume_yes or switch(environment, "HIVEMIND_TRUST_ALL"),
        skip_attestations=flags.skip_attestations or skips(environment),
        allow_degraded=flags.allow_degraded or switch(environment, "HIVEMIND_ALLOW_DEGRADED_ATTESTATION"),
        accept_development=flags.accept_development
        or switch(environment, "HIVEMIND_DANGEROUSLY_ACCEPT_DEVELOPMENT_EVIDENCE"),
        require_hardware=switch(environment, "HIVEMIND_REQUIRE_DCAP")
        or switch(environment, "HIVEMIND_REQUIRE_TLS_PIN"),
        require_channel=switch(environment, "HIVEMIND_REQUIRE_TLS_PIN"),
        expected_compose=environment.get("HIVEMIND_TRUST_HASH", "").strip().lower().removeprefix("0x"),
        collateral_file=_path(environment, "HIVEMIND_COLLATERAL"),
        pccs_url=environment.get("HIVEMIND_PCCS_URL", "").strip(),
        evidence_timeout_seconds=_seconds(environment.get("HIVEMIND_ATTESTATION_FETCH_TIMEOUT", "")),
        verbose=flags.verbose,
        plain=is_plain(environment),
        admin_key_text=environment.get("HIVEMIND_ADMIN_KEY", "").strip(),
        github_token_text=(environment.get("GITHUB_TOKEN") or environment.get("GH_TOKEN", "")).strip(),
    )


def is_plain(environment: Mapping[str, str]) -> bool:
    """Whether the user wants no colour (NO_COLOR with any value, as no-color.org has it)."""
    return bool(environment.get("NO_COLOR"))


def skips(environment: Mapping[str, str]) -> bool:
    """Whether the environment switches all checks off (BadInput when it does not say clearly)."""
    return switch(environment, "HIVEMIND_NO_TRUST_CHECK")


def switch(environment: Mapping[str, str], name: str) -> bool:
    """A yes-or-no variable: 1, true, yes, on against 0, false, no, off; unset means no."""
    value = environment.get(name, "").strip().lower()
    if value in _ON:
        return True
    if value in _OFF:
        return False
    raise BadInput(f"{name} must be 1 or 0, not {value[:40]!r}")


def _refuse_silencing(environment: Mapping[str, str]) -> None:
    """Published clients let these switch single checks off without a word."""
    for name in _SILENCERS:
        if switch(environment, name):
            raise BadInput(
                f"{name} is set, but single checks cannot be switched off",
                hint="Unset it. --dangerously-skip-attestations before the command skips all of them, and says so.",
            )


def _path(environment: Mapping[str, str], name: str) -> Path | None:
    text = environment.get(name, "").strip()
    return Path(text).expanduser() if text else None


def _seconds(text: str) -> float:
    try:
        return min(600.0, max(1.0, float(text)))
    except ValueError:
        return 30.0
