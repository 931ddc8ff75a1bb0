"""No lie at all. These prove that the harness itself is right: a client that refuses them refuses too much."""

import json
from typing import Any

from tests.conformance import actions as do
from tests.conformance.case import HONEST, Case, Expect
from tests.conformance.machine import as_version_5
from tests.conformance.secret_things import AS_OWNER, NOTHING, TO_ASK, TO_READ_THE_ROOM
from tests.conformance.setting import (
    ACCEPT_DEVELOPMENT,
    ALLOW_DEGRADED,
    DEVELOPMENT,
    DEVELOPMENT_TLS,
    HARDWARE,
    LOOPBACK,
    YES,
    Setting,
)
from tests.conformance.world import MAKER

_BY_LINK = do.inspect_room(by="link")
_NONE = "none, an honest service"
PLACES: dict[str, Setting] = {
    "hardware-through-a-proxy": HARDWARE,
    "hardware-on-loopback": Setting(host=LOOPBACK),
    "hardware-on-loopback-without-tls": Setting(host=LOOPBACK, scheme="http"),
    "hardware-statements-from-a-cache-service": Setting(statements="cache service"),
    "hardware-and-a-room-with-a-pinned-build": Setting(restricted=True),
    "development-on-loopback": DEVELOPMENT,
    "development-on-loopback-with-tls": DEVELOPMENT_TLS,
    "development-far-away-when-accepted": Setting(
        evidence="development",
        certificate="enclave, vouched for",
        approved="nothing",
        switches=frozenset({ACCEPT_DEVELOPMENT}),
    ),
    "no-evidence-on-loopback": Setting(evidence="none", host=LOOPBACK, scheme="http", approved="nothing"),
    "no-evidence-far-away-when-degraded": Setting(
        evidence="none", certificate="public", approved="nothing", switches=frozenset({ALLOW_DEGRADED})
    ),
    "build-named-by-the-environment": Setting(approved="nothing", variables={"HIVEMIND_TRUST_HASH": "{build}"}),
    "everything-demanded": Setting(
        demands={
            "tcb": {"allowed_statuses": ["UpToDate"], "minimum_evaluation_number": 1, "refused_advisories": ["X"]},
            "os_images": [{"mr_td": "{mr_td}", "rtmr0": "{rtmr0}", "rtmr1": "{rtmr1}", "rtmr2": "{rtmr2}"}],
            "key_providers": [{"kind": "kms", "id": "{key provider}"}],
            "services": {"{service}": {"app_id": "{app}"}},
        }
    ),
}


def _without_digests(text: str) -> str:
    return json.dumps([entry | {"digest": ""} for entry in json.loads(text)])


def _without_claims(claims: dict[str, Any]) -> dict[str, Any]:
    """The service need not repeat what its quote says."""
    return claims | {"compose_hash": "", "app_id": "", "instance_id": "", "measurements": {}}


INSPECTED = [
    Case(
        name=f"honest/inspect-{name}",
        lie=_NONE,
        action=_BY_LINK,
        setting=setting,
        expect=HONEST,
        may_see=TO_READ_THE_ROOM,
        prints=lambda world: world.manifest.room_id,
    )
    for name, setting in PLACES.items()
]
ASKED = [
    Case(
        name=f"honest/ask-{name}",
        lie=_NONE,
        before=(do.accept_room(by="link"),),
        action=do.ask(by="link"),
        setting=setting,
        expect=HONEST,
        may_see=TO_ASK,
        prints=lambda world: world.service.output,
    )
    for name, setting in PLACES.items()
    if name.startswith(("hardware", "development"))
]
OTHERS = [
    Case(
        name="honest/accept",
        lie=_NONE,
        action=do.accept_room(by="link"),
        expect=HONEST,
        may_see=TO_READ_THE_ROOM,
    ),
    Case(
        name="honest/ask-and-fetch-files",
        lie=_NONE,
        before=(do.accept_room(by="link"),),
        action=do.ask(**{"by": "link", "with": "artifacts"}),
        expect=HONEST,
        may_see=TO_ASK,
        prints=lambda world: "table.csv",
    ),
    Case(
        name="honest/ask-with-a-spend-token-from-elsewhere",
        lie=_NONE,
        setting=Setting(profile="elsewhere"),
        before=(do.accept_room(by="link"),),
        action=do.ask(**{"by": "link", "paid by": "a spend token"}),
        expect=HONEST,
        may_see=frozenset({"invite", "question", "spend_token"}),
        prints=lambda world: world.service.output,
    ),
    Case(
        name="honest/ask-by-room-id",
        lie=_NONE,
        action=do.ask(by="id"),
        expect=HONEST,
        may_see=frozenset({"owner_key", "question"}),
        prints=lambda world: world.service.output,
    ),
    Case(
        name="honest/add-data",
        lie=_NONE,
        action=do.add_data(by="id"),
        expect=HONEST,
        may_see=frozenset({"owner_key", "vault_text"}),
    ),
    Case(
        name="honest/doctor",
        lie=_NONE,
        before=(do.accept_room(by="link"),),
        action=do.doctor(by="link"),
        expect=HONEST,
        may_see=AS_OWNER | TO_READ_THE_ROOM,
    ),
    Case(
        name="honest/run-that-failed",
        lie=_NONE,
        setting=Setting(outcome="failed"),
        before=(do.accept_room(by="link"),),
        action=do.ask(by="link"),
        expect=Expect(4),
        may_see=TO_ASK,
        prints=lambda world: world.service.trouble,
    ),
    Case(
        name="honest/answer-fetched-later",
        lie=_NONE,
        before=(do.accept_room(by="link"), do.ask(by="link")),
        action=do.read_run(),
        expect=HONEST,
        may_see=TO_ASK,
        prints=lambda world: world.service.output,
    ),
    *[
        Case(
            name=f"honest/receipt-{name}",
            lie=_NONE,
            setting=setting,
            before=(do.accept_room(by="link"), do.ask(**{"by": "link", "with": "receipt"})),
            action=do.verify_receipt(),
            expect=HONEST,
            may_see=NOTHING,
            prints=lambda world: "verified",
        )
        for name, setting in (("hardware", HARDWARE), ("development", DEVELOPMENT))
    ],
    Case(
        name="honest/approve",
        lie=_NONE,
        setting=Setting(approved="nothing", switches=frozenset({YES})),
        action=do.approve(),
        expect=HONEST,
        may_see=NOTHING,
    ),
    Case(
        name="honest/room-by-id-under-a-pin",
        lie=_NONE,
        before=(do.make_pin(),),
        action=do.inspect_room(by="id"),
        expect=HONEST,
        may_see=AS_OWNER,
    ),
    Case(
        name="honest/new-version-of-the-terms",
        lie=_NONE,
        before=(do.inspect_room(by="link"),),
        tell=lambda world: world.service.publish(world.changed(serial=4, rules="Totals, and names on demand.")),
        action=do.inspect_room(by="link"),
        expect=HONEST,
        may_see=TO_READ_THE_ROOM,
        prints=lambda world: "names on demand",
    ),
    Case(name="honest/attest", lie=_NONE, action=do.attest(), expect=HONEST, may_see=NOTHING),
    Case(name="honest/balance", lie=_NONE, action=do.balance(), expect=HONEST, may_see=AS_OWNER),
    Case(name="honest/init", lie=_NONE, action=do.init(), expect=HONEST, may_see=AS_OWNER),
    Case(
        name="honest/operator-lists-tenants",
        lie=_NONE,
        action=do.admin_tenants(),
        expect=HONEST,
        may_see=frozenset({"admin_key"}),
    ),
]
SHAPES = [
    Case(
        name=f"honest/{name}",
        lie=_NONE,
        tell=tell,
        action=_BY_LINK,
        expect=HONEST,
        may_see=TO_READ_THE_ROOM,
        prints=lambda world: world.manifest.room_id,
    )
    for name, tell in {
        "quote-of-version-5": lambda world: world.service.change("quote", lambda q: as_version_5(q, MAKER)),
        "quote-filled-up-with-zeros": lambda world: world.service.change("quote", lambda quote: quote + bytes(1000)),
        "event-log-without-digests": lambda world: world.service.change("event log", _without_digests),
        "evidence-with-unknown-members": lambda world: world.service.change("claims", lambda told: told | {"more": 1}),
        "claims-left-out": lambda world: world.service.change("claims", _without_claims),
    }.items()
]
CASES = (*SHAPES, *INSPECTED, *ASKED, *OTHERS)
