"""Which rooms accept only some builds of the service, and whether the one that runs is among them."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from attestation.errors import VerificationError
from attestation.manifests.room import TrustPolicy
from attestation.verifier import check_trust
from rooms.models import Room
from rooms.selectors import rooms

# As canonical JSON writes it; a quotation mark within a text has a backslash before it.
_FOLLOWS = Q(envelope__contains='"mode":"operator_updates"')


@dataclass(frozen=True)
class Choosy:
    """A room with its verified trust policy. `refusal` is why the running build is not accepted, empty when it is;
    `trust` is None for a room whose envelope does not verify.
    """

    room: Room
    trust: TrustPolicy | None
    refusal: str


def choosy() -> QuerySet[Room]:
    """Rooms in force that do not simply follow their operator, by the text of their envelopes."""
    return Room.objects.filter(rooms.in_force()).exclude(_FOLLOWS)


def refusing(live_compose: str) -> QuerySet[Room]:
    """Rooms in force that do not name the running build, by the text of their envelopes; `live_compose` is empty when
    no evidence tells which one that is.
    """
    return choosy().exclude(envelope__contains=f'"{live_compose.lower()}"') if live_compose else choosy()


def examined(live_compose: str, *, most: int) -> Sequence[Choosy]:
    """The newest of these rooms, each verified now, those that refuse the running build first."""
    rows = choosy().select_related("tenant").defer("vault_index").order_by("-created_at", "-pk")[:most]
    return sorted((_examined(room, live_compose) for room in rows), key=lambda found: not found.refusal)


def _examined(room: Room, live_compose: str) -> Choosy:
    try:
        manifest = rooms.verify(room).verified.manifest
    except VerificationError as error:
        return Choosy(room, None, error.code)
    try:
        check_trust(manifest, live_compose=live_compose or None)
    except VerificationError as error:
        return Choosy(room, manifest.trust, error.code)
    return Choosy(room, manifest.trust, "")
