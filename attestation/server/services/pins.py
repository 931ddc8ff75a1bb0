"""Compose pins: an owner hands one over, and takes it back."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from django.db import transaction

from attestation import errors as kernel
from attestation.keys import derive_room_signing_key
from attestation.manifests.compose_pin import SCHEMA_VERSION, VerifiedPin, open_pin
from attestation.manifests.compose_pin import ComposePin as Statement
from attestation.server import pin_errors as errors
from attestation.server.models import ComposePin
from hivemind.kit import audit, clock
from tenants.models import Tenant
from tenants.principals import Owner
from tenants.services import tenants

MOST_PINS: Final = 1_000
MOST_BUILDS: Final = 64
MOST_CHARS: Final = {"allowed_composes": 128, "scope_agent_id": 200, "attested_files_digest": 128}
LATEST: Final = int(datetime(9999, 1, 1, tzinfo=UTC).timestamp())
MEMBERS: Final = (
    *("schema_version", "tenant_id", "allowed_composes", "scope_agent_id", "attested_files_digest"),
    *("issued_at", "exp", "signer_pubkey", "signature"),
)
_LEFT_OUT: Final[Mapping[str, Any]] = {"schema_version": SCHEMA_VERSION, "allowed_composes": [], "exp": 0}


def store(owner: Owner, envelope: object) -> ComposePin:
    """Keep a signed pin; the same one twice is one.

    It must hold: its form, the tenant, the signer, the signature, its time, in this order. Members that no pin has are
    dropped before, and those that may be left out take their usual value. Raises PinMalformed, PinTooLarge,
    PinOfOtherTenant, PinSignerDiffers, PinNotSigned, PinPast, PinRevoked for one that was revoked, PinsFull.
    """
    verified, signer = _opened(owner, envelope)
    with transaction.atomic():
        tenant = tenants.locked(owner.tenant.pk)
        known = ComposePin.objects.filter(tenant=tenant, pin_id=verified.pin_id).first()
        if known is not None:
            return _same(known, verified)
        if ComposePin.objects.filter(tenant=tenant).count() >= MOST_PINS:
            raise errors.PinsFull(f"A tenant has at most {MOST_PINS} compose pins, revoked ones included")
        row = _insert(tenant, verified, signer=signer)
        audit.record(
            owner.actor,
            "compose_pin.created",
            row.pin_id,
            tenant_id=tenant.pk,
            scope_agent_id=row.scope_agent_id,
            builds=len(verified.pin.allowed_composes),
        )
    return row


def revoke(owner: Owner, pin_id: str) -> None:
    """Take a pin back, for good. Raises PinNotFound, also for one that was revoked before."""
    with transaction.atomic():
        found = ComposePin.objects.filter(tenant=owner.tenant, pin_id=pin_id, revoked_at=None)
        if not found.update(revoked_at=clock.now()):
            raise errors.PinNotFound
        audit.record(owner.actor, "compose_pin.revoked", pin_id, tenant_id=owner.tenant.pk)


def owner_keys(owner: Owner) -> frozenset[str]:
    """The keys that may sign the tenant's pins: the one that signs its rooms, and the one of the owner key presented.

    They differ once the owner key was rotated.
    """
    presented = derive_room_signing_key(owner.bearer.text, tenant_id=owner.tenant.pk).public_b64
    return frozenset({presented, owner.tenant.signing_pubkey_b64} - {""})


def _opened(owner: Owner, envelope: object) -> tuple[VerifiedPin, str]:
    """The pin and the key that signed it."""
    if not isinstance(envelope, Mapping):
        raise errors.PinMalformed
    offered = {**_LEFT_OUT, **{name: envelope[name] for name in MEMBERS if name in envelope}}
    _check_sizes(offered)
    keys, named = owner_keys(owner), offered.get("signer_pubkey")
    signer = named if isinstance(named, str) and named in keys else owner.tenant.signing_pubkey_b64
    try:
        verified = open_pin(offered, tenant_id=owner.tenant.pk, expected_pubkey_b64=signer, now=clock.now().timestamp())
    except kernel.VerificationError as error:
        raise _refusal(error) from error
    _check_keepable(verified.pin)
    return verified, signer


def _check_sizes(offered: Mapping[str, Any]) -> None:
    """Refuse what is long before it is looked at."""
    builds = offered["allowed_composes"]
    if isinstance(builds, list):
        if len(builds) > MOST_BUILDS:
            raise errors.PinTooLarge(f"A compose pin names at most {MOST_BUILDS} builds")
        if any(_is_long(build, MOST_CHARS["allowed_composes"]) for build in builds):
            raise errors.PinTooLarge(f"A compose hash has at most {MOST_CHARS['allowed_composes']} characters")
    for name in ("scope_agent_id", "attested_files_digest"):
        if _is_long(offered.get(name), MOST_CHARS[name]):
            raise errors.PinTooLarge(f"{name} has at most {MOST_CHARS[name]} characters")


def _is_long(value: object, most: int) -> bool:
    return isinstance(value, str) and len(value) > most


def _check_keepable(pin: Statement) -> None:
    if "\0" in pin.scope_agent_id:
        raise errors.PinMalformed("The compose pin is not acceptable: scope_agent_id")
    for name, moment in (("issued_at", pin.issued_at), ("exp", pin.exp)):
        if moment >= LATEST:
            raise errors.PinMalformed(f"The compose pin is not acceptable: {name} is no time of this era")


def _refusal(error: kernel.VerificationError) -> Exception:
    match error:
        case kernel.ManifestError():
            return errors.PinMalformed(f"The compose pin is not acceptable: {error.field}")
        case kernel.OtherTenant():
            return errors.PinOfOtherTenant()
        case kernel.PinSignerDiffers():
            return errors.PinSignerDiffers()
        case kernel.PinExpired():
            return errors.PinPast()
    return errors.PinNotSigned()


def _same(known: ComposePin, verified: VerifiedPin) -> ComposePin:
    """The pin that was kept before. Raises PinRevoked, and PinIdTaken where only the short name is the same."""
    if known.envelope != verified.canonical.decode("ascii"):
        raise errors.PinIdTaken
    if known.revoked_at is not None:
        raise errors.PinRevoked
    return known


def _insert(tenant: Tenant, verified: VerifiedPin, *, signer: str) -> ComposePin:
    pin = verified.pin
    return ComposePin.objects.create(
        tenant=tenant,
        pin_id=verified.pin_id,
        envelope=verified.canonical.decode("ascii"),
        scope_agent_id=pin.scope_agent_id,
        signer_pubkey_b64=signer,
        issued_at=datetime.fromtimestamp(pin.issued_at, UTC),
        expires_at=datetime.fromtimestamp(pin.exp, UTC) if pin.exp else None,
        created_at=clock.now(),
    )
