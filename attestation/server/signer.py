"""The key that signs run records.

Without attested hardware it is a development key in the state directory, made at its first use and shared by
every process. It proves that two records come from the same installation, and nothing about hardware.
"""

import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from attestation.encoding import b64, unb64
from attestation.errors import KernelError
from attestation.keys import SigningKey
from attestation.server.errors import SignerUnusable
from hivemind.kit.conf import conf

FILE_NAME = "development-run-signer.key"


@dataclass(frozen=True)
class Signer:
    """A run-signing key and what vouches for it."""

    key: SigningKey
    kind: Literal["development", "dstack"]


def run_signer() -> Signer:
    """The signer of this installation, the same in every process. Raises SignerUnusable."""
    path = conf.state_dir / FILE_NAME
    if not path.exists():
        _create(path)
    return Signer(_read(path), "development")


def compose_hash() -> str:
    """The digest of the running build as attested hardware reports it; empty without such hardware."""
    return ""


def _create(path: Path) -> None:
    """Put a new key at `path` in one step: of several processes one wins and all read its key."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(b64(SigningKey.generate().seed))
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        pass  # another process was first
    finally:
        draft.unlink()


def _read(path: Path) -> SigningKey:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read(100).decode("ascii")
        if stat.S_IMODE(mode) & 0o077:
            raise SignerUnusable
        return SigningKey.from_seed(unb64(text))
    except (OSError, ValueError, KernelError) as error:
        raise SignerUnusable from error
