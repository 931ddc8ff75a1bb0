"""Compose pins in wire form."""

from typing import Any

from attestation.canonical import PIN_V1
from attestation.errors import CanonicalError
from attestation.server.models import ComposePin


def stored(pin: ComposePin) -> dict[str, Any]:
    """What somebody is told who handed it over."""
    return {"pin_id": pin.pin_id, "tenant_id": pin.tenant_id, "envelope": envelope(pin)}


def dated(pin: ComposePin) -> dict[str, Any]:
    """The same with its dates."""
    return stored(pin) | _dates(pin)


def listed(pin: ComposePin) -> dict[str, Any]:
    """One line of a list."""
    return {"pin_id": pin.pin_id, "envelope": envelope(pin)} | _dates(pin)


def envelope(pin: ComposePin) -> object:
    """The signed pin; None for a damaged row."""
    try:
        return PIN_V1.decode_strict(pin.envelope.encode("utf-8"))
    except CanonicalError:
        return None


def _dates(pin: ComposePin) -> dict[str, float | None]:
    return {
        "created_at": pin.created_at.timestamp(),
        "revoked_at": pin.revoked_at.timestamp() if pin.revoked_at else None,
    }
