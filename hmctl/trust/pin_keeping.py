"""Making pins, and comparing those of this machine with those that the service shows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from attestation.errors import KernelError
from attestation.manifests.compose_pin import ComposePin, open_pin, sign_pin
from hmctl.client import wire
from hmctl.client.transport import JsonObject
from hmctl.errors import BadAnswer
from hmctl.trust.pinning import Holder
from hmctl.trust.pins import KeptPin, PinnedKey, PinStore

_WHATEVER_ITS_AGE: Final = 0.0


@dataclass(frozen=True)
class Demand:
    """What a new pin says. An empty scope means every agent, an empty digest any files, `exp` 0 no end."""

    allowed_composes: tuple[str, ...]
    scope_agent_id: str = ""
    attested_files_digest: str = ""
    exp: int = 0


@dataclass(frozen=True)
class Compared:
    """What the service's list says against ours. All are pin ids but `added`.

    `withheld`: registered once and not shown any more; `revoked_there`: revoked according to the service alone;
    `foreign`: not signed by this owner key, or not well signed.
    """

    added: tuple[KeptPin, ...] = ()
    withheld: tuple[str, ...] = ()
    revoked_there: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()

    def notices(self) -> list[str]:
        """A sentence for everything that the user should know."""
        told = [f"took over compose pin {kept.pin_id}, which you signed elsewhere" for kept in self.added]
        for pin_id in self.withheld:
            told.append(f"the service withholds your compose pin {pin_id}; it stays in force on this machine")
        for pin_id in self.revoked_there:
            told.append(
                f"the service says that your compose pin {pin_id} was revoked; it stays in force on this machine until "
                f"you end it here: hmctl trust pin revoke {pin_id}"
            )
        return told


def sign(store: PinStore, holder: Holder, demand: Demand, *, tenant_id: str, now: float) -> KeptPin:
    """Signs a pin and keeps it here, newer than every other one. The service knows nothing of it yet.

    Raises BadAnswer when the owner's pins so far are of another tenant.
    """
    made: list[KeptPin] = []

    def edit(before: PinnedKey) -> PinnedKey:
        if before.tenant_id not in ("", tenant_id):
            raise BadAnswer(f"the service calls you tenant {tenant_id}, and your pins so far are {before.tenant_id}'s")
        made.append(_signed(holder, demand, before=before, tenant_id=tenant_id, now=now))
        signer = holder.signing_key(tenant_id).public_b64
        return replace(before, tenant_id=tenant_id, signer_pubkey_b64=signer).with_pin(made[0])

    store.change(holder.entry(store), edit)
    return made[0]


def resign(store: PinStore, old: Holder, new: Holder, *, now: float) -> tuple[KeptPin, ...]:
    """Signs what is in force with the key that replaces another one, and forgets the old entry."""
    before = old.entry(store)
    fresh = replace(
        PinnedKey(new.fingerprint, new.profile, new.service.url),
        tenant_id=before.tenant_id,
        signer_pubkey_b64=new.signing_key(before.tenant_id).public_b64 if before.tenant_id else "",
    )
    for kept in before.in_force(now):
        pin = kept.verified.pin
        demand = Demand(pin.allowed_composes, pin.scope_agent_id, pin.attested_files_digest, pin.exp)
        fresh = fresh.with_pin(_signed(new, demand, before=before, tenant_id=before.tenant_id, now=now))
    store.succeed(before.fingerprint, fresh)
    return fresh.pins


def mark(
    store: PinStore, entry: PinnedKey, pin_id: str, *, registered: bool = False, revoked_at: float | None = None
) -> None:
    """Notes that the service has the pin, or that the owner ended it; neither is ever taken back."""

    def edit(before: PinnedKey) -> PinnedKey:
        kept = before.find(pin_id)
        if kept is None:
            return before
        known, ended_at = kept.registered or registered, kept.revoked_at or revoked_at
        return before.with_pin(replace(kept, registered=known, revoked_at=ended_at))

    store.change(entry, edit)


def compare(store: PinStore, holder: Holder, rows: Sequence[JsonObject], *, now: float) -> Compared:
    """Takes over pins signed by this owner that are new here, and tells what the service's list lacks or claims.

    A revocation is only the service's word, because nobody signed it: it ends nothing here.
    """
    found: list[Compared] = []

    def edit(before: PinnedKey) -> PinnedKey:
        after, compared = _compared(before, holder, rows, now=now)
        found.append(compared)
        return replace(after, refreshed_at=now)

    store.change(holder.entry(store), edit)
    return found[0]


def _compared(
    before: PinnedKey, holder: Holder, rows: Sequence[JsonObject], *, now: float
) -> tuple[PinnedKey, Compared]:
    after, seen, revoked, foreign = before, set[str](), list[str](), list[str]()
    for row in rows:
        kept = _read(after, holder, row, now=now)
        if kept is None:
            foreign.append(wire.text(row, "pin_id")[:64])
            continue
        seen.add(kept.pin_id)
        known = after.find(kept.pin_id)
        if row.get("revoked_at") is not None:
            if known is not None and known.revoked_at is None:
                revoked.append(kept.pin_id)
        elif known is not None:
            after = after.with_pin(replace(known, registered=True))
        elif not kept.verified.pin.is_expired(now=now):
            signer = wire.text(kept.envelope, "signer_pubkey")
            after = replace(after, tenant_id=kept.verified.pin.tenant_id, signer_pubkey_b64=signer).with_pin(kept)
    added = tuple(kept for kept in after.pins if before.find(kept.pin_id) is None)
    withheld = tuple(kept.pin_id for kept in before.pins if _is_expected(kept, now) and kept.pin_id not in seen)
    return after, Compared(added, withheld, tuple(revoked), tuple(foreign))


def _is_expected(kept: KeptPin, now: float) -> bool:
    return kept.registered and kept.revoked_at is None and not kept.verified.pin.is_expired(now=now)


def _read(entry: PinnedKey, holder: Holder, row: JsonObject, *, now: float) -> KeptPin | None:
    envelope = wire.obj(row, "envelope")
    tenant_id = entry.tenant_id or wire.text(envelope, "tenant_id")
    if not tenant_id or not tenant_id.isprintable():
        return None
    expected = holder.signing_key(tenant_id).public_b64
    try:
        verified = open_pin(envelope, tenant_id=tenant_id, expected_pubkey_b64=expected, now=_WHATEVER_ITS_AGE)
    except KernelError:
        return None
    return KeptPin(verified, envelope, kept_at=now, registered=True)


def _signed(holder: Holder, demand: Demand, *, before: PinnedKey, tenant_id: str, now: float) -> KeptPin:
    newest = max((kept.verified.pin.issued_at for kept in before.pins), default=0)
    key = holder.signing_key(tenant_id)
    pin = ComposePin(
        tenant_id=tenant_id,
        allowed_composes=demand.allowed_composes,
        scope_agent_id=demand.scope_agent_id,
        attested_files_digest=demand.attested_files_digest,
        issued_at=max(int(now), newest + 1),
        exp=demand.exp,
    )
    envelope = sign_pin(pin, key=key)
    verified = open_pin(envelope, tenant_id=tenant_id, expected_pubkey_b64=key.public_b64, now=now)
    return KeptPin(verified, envelope, kept_at=now)
