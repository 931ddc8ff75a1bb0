"""Lies about the end of a room: hidden after it was seen, claimed without proof, or proven by somebody else."""

import time
from collections.abc import Callable
from typing import Any

from attestation.keys import SigningKey
from attestation.manifests.revocation import Revocation, sign_revocation
from tests.conformance import actions as do
from tests.conformance.case import Case, Expect
from tests.conformance.network import Reply
from tests.conformance.secret_things import AS_OWNER, NOTHING, TO_READ_THE_ROOM
from tests.conformance.world import World

_INSPECT, _ASK = do.inspect_room(by="link"), do.ask(by="link")
_REVOKED = Expect(1, "revocation", "room_revoked")
_UNPROVEN = Expect(1, "revocation", "revocation_unproven")


def statement(world: World, *, key: SigningKey | None = None, **changes: Any) -> dict[str, Any]:
    """The owner's word that the room is over, or somebody else's."""
    signer = key or world.service.owner
    told = {
        "room_id": world.manifest.room_id,
        "tenant_id": world.manifest.tenant_id,
        "serial": world.manifest.serial + 1,
        "revoked_at": int(time.time()) - 30,
        "owner_pubkey_b64": signer.public_b64,
    }
    return sign_revocation(Revocation(**(told | changes)), key=signer)


def _shown(make: Callable[[World], object]) -> Callable[[World], None]:
    """The room is shown together with this statement."""

    def tell(world: World) -> None:
        signed = make(world)
        world.service.change("room", lambda row: row | {"revoked_at": time.time() - 30, "revocation": signed})

    return tell


def _brought_back(world: World) -> None:
    world.service.changes["room"].clear()


def _brought_back_newer(world: World) -> None:
    """As a version that the owner signed later than any that was seen."""
    _brought_back(world)
    world.service.publish(world.changed(serial=9))


def _refused(world: World) -> None:
    gone = Reply({"detail": "room was revoked"}, 403)
    world.routes.instead("GET", "/v1/rooms/[^/]+/attest", lambda asked: gone)


def _case(name: str, lie: str, tell: Callable[[World], object] | None, expect: Expect, **more: Any) -> Case:
    chosen: dict[str, Any] = {"action": _INSPECT, "may_see": TO_READ_THE_ROOM} | more
    return Case(name=f"revocation/{name}", lie=lie, tell=tell, expect=expect, **chosen)


_ENDED = {"arrange": _shown(statement), "before": ((_INSPECT, 1),)}
CASES = (
    _case("shown", "the room goes on although its owner ended it", _shown(statement), _REVOKED),
    _case(
        "brought-back",
        "the owner's word that the room is over is hidden again",
        _brought_back,
        _REVOKED,
        **_ENDED,
        may_see=NOTHING,
    ),
    _case(
        "brought-back-before-a-question",
        "the owner's word that the room is over is hidden again",
        _brought_back,
        _REVOKED,
        **_ENDED,
        action=_ASK,
        may_see=NOTHING,
    ),
    _case(
        "brought-back-with-a-newer-version",
        "a newer signed version is shown of a room that is over",
        _brought_back_newer,
        _REVOKED,
        **_ENDED,
        may_see=NOTHING,
    ),
    _case(
        "brought-back-by-id",
        "the owner's word that the room is over is hidden again, and the room asked for by its id",
        _brought_back,
        _REVOKED,
        **_ENDED,
        action=do.inspect_room(by="id"),
        may_see=AS_OWNER,
    ),
    _case("claimed", "the room is called over, and nobody signed that", _shown(lambda world: None), _UNPROVEN),
    _case("claimed-by-an-error", "an error calls the room over, and nobody signed that", _refused, _UNPROVEN),
    _case(
        "by-another",
        "somebody else than the owner signed the room's end",
        _shown(lambda world: statement(world, key=SigningKey.generate())),
        Expect(1, "owner key", "signer_is_not_link_key"),
    ),
    _case(
        "of-another-room",
        "the owner's word about another room is shown for this one",
        _shown(lambda world: statement(world, room_id="room_ffffffffffff")),
        Expect(1, "room id", "room_id_differs"),
    ),
    _case(
        "altered",
        "the owner's word was altered",
        _shown(lambda world: {**(made := statement(world)), "statement": made["statement"] | {"serial": 99}}),
        Expect(1, "signature", "signature_invalid"),
    ),
)
