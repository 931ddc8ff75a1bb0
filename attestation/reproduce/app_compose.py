"""The app compose text: the JSON document that a machine's build hash is the digest of."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from attestation.canonical import ROOM_V1
from attestation.errors import CanonicalError, ManifestError
from attestation.reading import Reader
from attestation.reproduce.errors import AppComposeDiffers, AppComposeMalformed, LaunchUnreviewed
from attestation.reproduce.links import Found

LARGEST_BYTES: Final = 512 * 1024
_RUNNER: Final = "docker-compose"
_STEERS_DOCKER: Final = ("COMPOSE_", "DOCKER_")
# Members that neither run anything nor bring content in: names, switches, keys' origin, storage.
_HARMLESS: Final = frozenset(
    {
        *("manifest_version", "version", "name", "runner", "docker_compose_file", "features", "allowed_envs"),
        *("public_logs", "public_sysinfo", "public_tcbinfo", "gateway_enabled", "tproxy_enabled", "kms_enabled"),
        *("local_key_provider_enabled", "key_provider", "key_provider_id", "no_instance_id", "secure_time"),
        *("storage_fs", "swap_size", "launch_token_hash"),
    }
)


@dataclass(frozen=True, kw_only=True)
class AppCompose:
    """What the machine starts: a compose file, which variables its operator may set, and everything else."""

    compose_file: bytes
    allowed_variables: tuple[str, ...]
    others: Mapping[str, bytes]  # by member: a script's bytes, or the canonical JSON of another value


def check_app_compose(text: bytes, *, compose_hash: str) -> tuple[AppCompose, Found]:
    """Reads the text if it is the one behind the proven hash.

    Raises AppComposeDiffers, or AppComposeMalformed for the right text with content that is not understood.
    """
    seen = hashlib.sha256(text).hexdigest()
    if seen != compose_hash:
        raise AppComposeDiffers(details={"proven": compose_hash, "sha256 of the text": seen})
    try:
        read = _read(text)
    except (CanonicalError, ManifestError, UnicodeEncodeError) as error:
        raise AppComposeMalformed from error
    return read, Found("The app compose text hashes to the proven build.", {"sha256": seen, "bytes": str(len(text))})


def check_launch(app: AppCompose, *, reviewed: Collection[str]) -> Found:
    """Demands that nothing but the compose file starts, or that the user knows it by its SHA-256 (lowercase hex).

    Raises LaunchUnreviewed. Variables that steer Docker itself can never be reviewed: their values are unknown.
    """
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in app.others.items()}
    steering = [name for name in app.allowed_variables if name.upper().startswith(_STEERS_DOCKER)]
    open_parts = {name: digest for name, digest in digests.items() if digest not in reviewed}
    if steering:
        open_parts["variables that steer Docker"] = ", ".join(steering)
    if open_parts:
        raise LaunchUnreviewed(details=open_parts)
    evidence = {f"{name} (reviewed by you)": digest for name, digest in digests.items()}
    if app.allowed_variables:
        evidence["variables the operator may set"] = ", ".join(app.allowed_variables)
    return Found("Nothing starts beside the compose file that you have not reviewed.", evidence)


def _read(text: bytes) -> AppCompose:
    if len(text) > LARGEST_BYTES:
        raise AppComposeMalformed("The app compose text is larger than any build needs.")
    members = ROOM_V1.decode_strict(text)
    if not isinstance(members, Mapping):
        raise AppComposeMalformed
    reader = Reader(members)
    if reader.text("runner") != _RUNNER:
        raise AppComposeMalformed("The build is not started from a compose file.")
    others = {name: _content(value) for name, value in members.items() if name not in _HARMLESS}
    return AppCompose(
        compose_file=reader.filled("docker_compose_file").encode("utf-8"),
        allowed_variables=reader.texts("allowed_envs") if reader.has("allowed_envs") else (),
        others={name: content for name, content in others.items() if content},
    )


def _content(value: object) -> bytes:
    """What has to be reviewed of a member; nothing for one that is empty, off or null."""
    if isinstance(value, str):
        return value.encode("utf-8")
    return ROOM_V1.encode(value) if value else b""
