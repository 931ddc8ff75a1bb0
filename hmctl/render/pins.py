"""Compose pins as people and programs read them."""

from collections.abc import Sequence
from typing import Final

from hmctl.client.transport import JsonObject
from hmctl.render import columns, units
from hmctl.trust.pins import KeptPin, PinnedKey

_SHORT: Final = 12


def state(kept: KeptPin, entry: PinnedKey, *, now: float) -> str:
    """`revoked`, `expired`, `in force`, or `superseded` by a newer pin about the same."""
    if kept.revoked_at is not None:
        return "revoked"
    if kept.verified.pin.is_expired(now=now):
        return "expired"
    return "in force" if kept in entry.in_force(now) else "superseded"


def as_json(kept: KeptPin, entry: PinnedKey, *, now: float) -> JsonObject:
    """One pin with what this machine knows about it."""
    pin = kept.verified.pin
    return {
        "pin_id": kept.pin_id,
        "state": state(kept, entry, now=now).replace(" ", "_"),
        "key": entry.fingerprint,
        "tenant_id": pin.tenant_id,
        "allowed_composes": list(pin.allowed_composes),
        "scope_agent_id": pin.scope_agent_id,
        "attested_files_digest": pin.attested_files_digest,
        "issued_at": pin.issued_at,
        "exp": pin.exp,
        "registered": kept.registered,
        "revoked_at": kept.revoked_at,
        "envelope": kept.envelope,
    }


def table(entries: Sequence[PinnedKey], *, now: float) -> str:
    """All pins of the entries, newest first. The first entry is the key's own."""
    header = ("PIN_ID", "STATE", "AGENT", "SIGNED", "EXPIRES", "BUILDS")
    rows = []
    for place, entry in enumerate(entries):
        for kept in sorted(entry.pins, key=lambda kept: kept.age, reverse=True):
            told = state(kept, entry, now=now) + (" (earlier key)" if place and kept.revoked_at is None else "")
            pin = kept.verified.pin
            rows.append(
                (
                    kept.pin_id,
                    told,
                    pin.scope_agent_id or "all",
                    units.moment(pin.issued_at),
                    units.moment(pin.exp) if pin.exp else "never",
                    " ".join(f"{build[:_SHORT]}…" for build in pin.allowed_composes) or "none",
                )
            )
    return columns.table(header, rows)


def details(kept: KeptPin, entry: PinnedKey, *, now: float) -> str:
    """One pin in full."""
    pin = kept.verified.pin
    return columns.labelled(
        [
            ("Pin", kept.pin_id),
            ("State", state(kept, entry, now=now)),
            ("Tenant", pin.tenant_id),
            ("Signed", units.moment(pin.issued_at)),
            ("Signed by", f"{entry.signer_pubkey_b64} (the signature holds)"),
            ("Expires", units.moment(pin.exp) if pin.exp else "never"),
            ("Scope agent", pin.scope_agent_id or "all"),
            ("Files digest", pin.attested_files_digest or "any"),
            *[("Build", build) for build in pin.allowed_composes or ("none",)],
            ("At the service", "known" if kept.registered else "not registered"),
        ]
    )
