"""Lies about which version of a room counts, and a build that the room does not allow."""

import time
from typing import Any

from attestation.manifests.room import RoomManifest, TrustPolicy
from tests.conformance import actions as do
from tests.conformance.case import Expect
from tests.conformance.cases.rooms import ACCEPT, ASK, FORGED_RULES, INSPECT, case, published
from tests.conformance.secret_things import AS_OWNER
from tests.conformance.setting import ACCEPT_DEVELOPMENT, DEVELOPMENT, LOOPBACK, SKIP, YES, Setting
from tests.conformance.world import World

_ROLLED_BACK = Expect(1, "serial number", "serial_rolled_back")


def _older(world: World) -> RoomManifest:
    return world.changed(serial=2, created_at=world.manifest.created_at - 100)


def _newer_first(world: World) -> None:
    """The owner restricted the room; that version is what the user sees first."""
    build = world.service.machine.facts.compose_hash
    published(lambda w: w.changed(serial=4, updated_at=time.time() - 50, trust=TrustPolicy("pinned", (build,))))(world)


_BEFORE_TRUST = published(lambda w: w.manifest)
VERSIONS = [
    case("rolled-back", "an older version", published(_older), _ROLLED_BACK, before=(INSPECT,)),
    case(
        "rolled-back-before-a-question",
        "an older version",
        published(_older),
        _ROLLED_BACK,
        before=(ACCEPT,),
        action=ASK,
    ),
    case(
        "rolled-back-by-id",
        "an older version, asked for by its id",
        published(_older),
        _ROLLED_BACK,
        before=(do.inspect_room(by="id"),),
        action=do.inspect_room(by="id"),
        may_see=AS_OWNER,
    ),
    case(
        "trust-rolled-back",
        "the version before the owner restricted the builds",
        _BEFORE_TRUST,
        _ROLLED_BACK,
        arrange=_newer_first,
        before=(INSPECT,),
    ),
    case(
        "second-version-of-a-serial",
        "another version with the same serial number",
        published(lambda w: w.changed(rules=FORGED_RULES)),
        _ROLLED_BACK,
        before=(INSPECT,),
    ),
    case(
        "without-serial",
        "a version from before there were serial numbers",
        published(lambda w: w.changed(serial=0)),
        _ROLLED_BACK,
        before=(INSPECT,),
    ),
    case(
        "expired",
        "the owner's word was limited in time, and the time is over",
        published(lambda w: w.changed(serial=4, expires_at=time.time() - 60)),
        Expect(1, "expiry", "room_expired"),
    ),
    case(
        "new-terms-nobody-accepted",
        "the owner's new terms are not those that were accepted",
        published(lambda w: w.changed(serial=4, rules="Totals, and names on demand.")),
        Expect(1, "consent", "declined"),
        before=(ACCEPT,),
        action=ASK,
    ),
    case(
        "new-terms-nobody-accepted-with-yes",
        "the owner's new terms are not those that were accepted: -y accepts no terms",
        published(lambda w: w.changed(serial=4, rules="Totals, and names on demand.")),
        Expect(1, "consent", "declined"),
        before=(ACCEPT,),
        action=ASK,
        setting=Setting(switches=frozenset({YES})),
    ),
]


def _other_build(world: World) -> None:
    published(lambda w: w.changed(serial=4, trust=TrustPolicy("pinned", ("ab" * 32,))))(world)


def _other_build_claimed(world: World) -> None:
    """And beside the room the service claims to run the build that the room allows."""
    _other_build(world)

    def claim(answer: dict[str, Any]) -> dict[str, Any]:
        inner = answer["attestation"]
        inner["attestation"]["compose_hash"] = "ab" * 32
        return answer

    world.service.change("attest", claim)


_NOT_ALLOWED = Expect(1, "room trust", "compose_not_allowed")
_UNKNOWN = Expect(1, "room trust", "live_compose_unknown")
_NOTHING_PROVEN = Setting(evidence="none", host=LOOPBACK, scheme="http", approved="nothing")
BUILDS = [
    case("build-not-allowed", "the running build is none that the room allows", _other_build, _NOT_ALLOWED),
    case(
        "build-not-allowed-before-a-question",
        "the running build is none that the room allows",
        _other_build,
        _NOT_ALLOWED,
        action=ASK,
    ),
    case(
        "allowed-build-claimed",
        "beside the room the service claims the build that the room allows",
        _other_build_claimed,
        _NOT_ALLOWED,
    ),
    case(
        "build-not-allowed-in-development",
        "a development build is none that the room allows",
        _other_build,
        _NOT_ALLOWED,
        setting=DEVELOPMENT,
    ),
    case(
        "build-unknown",
        "the room allows certain builds, and nothing proves which one runs",
        _other_build,
        _UNKNOWN,
        setting=_NOTHING_PROVEN,
    ),
    case(
        "build-unknown-with-checks-switched-off",
        "the room allows certain builds, and the service's claim was not checked",
        _other_build_claimed,
        _UNKNOWN,
        setting=Setting(host=LOOPBACK, scheme="http", switches=frozenset({SKIP})),
    ),
    case(
        "build-proven-by-a-root-of-their-own",
        "far away, development evidence names the build that the room allows, and the user accepts such evidence",
        lambda world: None,
        _UNKNOWN,
        setting=Setting(
            evidence="development",
            certificate="enclave, vouched for",
            approved="nothing",
            switches=frozenset({ACCEPT_DEVELOPMENT}),
            restricted=True,
        ),
    ),
    case(
        "no-build-allowed",
        "the room is restricted and allows no build",
        published(lambda w: w.changed(serial=4, trust=TrustPolicy("owner_approved", ()))),
        _NOT_ALLOWED,
    ),
]
CASES = (*VERSIONS, *BUILDS)
