"""Holding the owner's compose pins against the build that runs, before the owner key goes to it.

A pin that is in force refuses every build that it does not name, and every service whose build is not proven. The
owner key opens all rooms and agents of its owner, so before it is sent the pins about single agents count as well.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from attestation.keys import SigningKey, derive_room_signing_key
from attestation.tokens import OWNER, token_id
from hmctl import services
from hmctl.errors import HmctlError, RoomRejected, StoreDamaged, TrustRefused
from hmctl.render import units
from hmctl.secret import Secret
from hmctl.services import Service
from hmctl.trust import decide
from hmctl.trust.decide import ServiceTrust
from hmctl.trust.pins import KeptPin, PinnedKey, PinStore


class PinRefused(TrustRefused):
    """The running build is not one that the owner's compose pin allows, or is not proven."""

    code = "compose_not_pinned"
    check = "compose pin"


@dataclass(frozen=True)
class Holder:
    """An owner key, the profile it belongs to and the service it is meant for."""

    profile: str
    service: Service
    key: Secret

    @property
    def has_pins(self) -> bool:
        """Whether the key is an owner's; no other kind has pins."""
        return self.key.starts_with(OWNER)

    @property
    def fingerprint(self) -> str:
        """The public id of the key."""
        return token_id(self.key.reveal())

    def signing_key(self, tenant_id: str) -> SigningKey:
        """The key that signs this owner's pins."""
        return derive_room_signing_key(self.key.reveal(), tenant_id=tenant_id)

    def entry(self, store: PinStore) -> PinnedKey:
        """What is kept for the key, empty if nothing is (StoreDamaged when another key signed it)."""
        kept = store.find(self.fingerprint)
        if kept is None:
            return PinnedKey(self.fingerprint, self.profile, self.service.url)
        if kept.pins and kept.signer_pubkey_b64 != self.signing_key(kept.tenant_id).public_b64:
            raise StoreDamaged(
                "compose-pins.json holds pins for this key that another key signed",
                hint="Look at it; if you move it away, every pin has to be signed anew.",
            )
        return kept


@dataclass(frozen=True)
class Agent:
    """A scope agent as the service describes it. Empty `files_digest`: it does not."""

    tenant_id: str
    agent_id: str
    files_digest: str


def entries_for(store: PinStore, holder: Holder) -> list[PinnedKey]:
    """The entry of the key itself, then those that earlier keys of the same profile left behind here."""
    own = holder.entry(store)
    return [own, *(entry for entry in store.all() if entry.fingerprint != own.fingerprint and _is_left(entry, holder))]


def _is_left(entry: PinnedKey, holder: Holder) -> bool:
    try:
        same_place = services.parse(entry.service).is_same_as(holder.service)
    except HmctlError:
        return False
    return entry.profile == holder.profile and same_place


def allows(kept: KeptPin, build: str | None) -> bool:
    """Whether the pin names this build."""
    return build is not None and build in {allowed.lower() for allowed in kept.verified.pin.allowed_composes}


def require(pins: Iterable[KeptPin], service: Service, trust: ServiceTrust) -> None:
    """Returns when every pin allows the build that was proven (PinRefused)."""
    build = decide.proven_build(service, trust)
    for kept in pins:
        if not allows(kept, build):
            raise _refusal(kept, service, build)


def require_agent(store: PinStore, agent: Agent, service: Service, trust: ServiceTrust, *, now: float) -> str:
    """Holds the pins about a scope agent against build and agent; returns the file digest that they demand, if any.

    Raises PinRefused for the build, RoomRejected for the agent.
    """
    about = [
        kept
        for entry in store.all()
        if entry.tenant_id == agent.tenant_id
        for kept in entry.in_force(now)
        if kept.scope and kept.scope == agent.agent_id
    ]
    require(about, service, trust)
    demanded = ""
    for kept in about:
        demanded = kept.verified.pin.attested_files_digest.lower()
        if demanded and agent.files_digest.lower() != demanded:
            told = f"files with the digest {agent.files_digest}" if agent.files_digest else "no digest of its files"
            raise RoomRejected(
                f"your compose pin {kept.pin_id} demands other files of the scope agent {agent.agent_id}; "
                f"the service shows {told}, the pin names {demanded}",
                hint=f"If you changed the agent, sign a new pin; to end this one: hmctl trust pin revoke {kept.pin_id}",
                code="pinned_agent_differs",
            )
    return demanded


def expiry_notice(kept: KeptPin) -> str:
    """What to say about a pin that ran out."""
    about = f" about agent {kept.scope}" if kept.scope else ""
    return (
        f"your compose pin {kept.pin_id}{about} expired on {units.moment(kept.verified.pin.exp)} and protects nothing "
        f"any more; sign a new one with `hmctl trust pin create`, or end it: hmctl trust pin revoke {kept.pin_id}"
    )


def _refusal(kept: KeptPin, service: Service, build: str | None) -> PinRefused:
    about = f" about agent {kept.scope}" if kept.scope else ""
    allowed = ", ".join(kept.verified.pin.allowed_composes) or "none"
    way_out = f"to end this pin: hmctl trust pin revoke {kept.pin_id}"
    if build is None:
        return PinRefused(
            f"your compose pin {kept.pin_id}{about} allows proven builds only, and {service.url} did not prove its "
            f"build; your key was not sent (allowed: {allowed})",
            hint=f"Use the service in attested hardware; {way_out}",
        )
    return PinRefused(
        f"{service.url} runs build {build}, which your compose pin {kept.pin_id}{about} does not allow; your key was "
        f"not sent (allowed: {allowed})",
        hint="Find out why the build changed. If you agree with it: "
        f"hmctl trust pin create --compose {build}; {way_out}",
    )
