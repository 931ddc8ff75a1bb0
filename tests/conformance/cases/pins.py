"""Lies about the owner's compose pins: the build changes, and the pin that forbids it is hidden or replaced.

The user has approved whatever comes (-y), so that nothing but the pin stands in the way.
"""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from attestation.encoding import b64
from attestation.keys import SigningKey, derive_room_signing_key
from attestation.manifests.compose_pin import ComposePin, sign_pin
from tests.conformance import actions as do
from tests.conformance.actions import Action
from tests.conformance.case import Case, Expect
from tests.conformance.cases.builds import rebuilt
from tests.conformance.secret_things import NOTHING
from tests.conformance.setting import ACCEPT_DEVELOPMENT, YES, Setting
from tests.conformance.world import DEVELOPMENT_ROOT, World

NEW_BUILD = "ab" * 32
_REFUSED = Expect(4, "compose pin", "compose_not_pinned")
_CAREFREE = Setting(switches=frozenset({YES}))


def _case(name: str, lie: str, pins: Callable[[World, list[Any]], list[Any]], action: Action) -> Case:
    def tell(world: World) -> None:
        rebuilt(compose_hash=NEW_BUILD)(world)
        world.service.change("pins", lambda told: pins(world, json.loads(json.dumps(told))))

    return Case(
        name=f"pin/{name}",
        lie=lie,
        tell=tell,
        setting=_CAREFREE,
        before=(do.make_pin(),),
        action=action,
        expect=_REFUSED,
        may_see=NOTHING,
    )


def _newer(world: World, *, key: SigningKey, tenant_id: str = "t_0123456789ab") -> dict[str, Any]:
    pin = ComposePin(
        tenant_id=tenant_id,
        allowed_composes=(NEW_BUILD,),
        scope_agent_id="",
        attested_files_digest="",
        issued_at=int(time.time()) + 10,
        exp=0,
    )
    return {"pin_id": "ffffffffffff", "envelope": sign_pin(pin, key=key), "created_at": time.time(), "revoked_at": None}


def _resigned(world: World, pins: list[Any]) -> list[Any]:
    return [_newer(world, key=SigningKey.generate()), *pins]


def _of_another_tenant(world: World, pins: list[Any]) -> list[Any]:
    key = derive_room_signing_key(world.secrets.owner_key, tenant_id="t_ffffffffffff")
    return [_newer(world, key=key, tenant_id="t_ffffffffffff"), *pins]


def _altered(world: World, pins: list[Any]) -> list[Any]:
    pins[0]["envelope"]["allowed_composes"] = [NEW_BUILD]
    return pins


def _expired(world: World, pins: list[Any]) -> list[Any]:
    pins[0]["envelope"]["exp"] = 1
    return pins


def _called_over(world: World, pins: list[Any]) -> list[Any]:
    pins[0]["revoked_at"] = time.time()
    return pins


def _under_a_root_of_its_own(world: World) -> None:
    """The build that the pin names, in evidence that anybody can make."""
    service = world.service
    service.machine = replace(service.machine, root=DEVELOPMENT_ROOT)
    root = b64(service.machine.authority.trust_root.der)
    statements = json.loads(service.collateral().to_json())
    made = {"label": "development", "root_ca_der_b64": root, "collateral": statements}
    service.change("evidence", lambda wire: wire | {"development": made})


_LIST = do.list_rooms()
CASES = (
    _case("another-build", "the build is not one that the owner's pin names", lambda w, pins: pins, _LIST),
    _case(
        "another-build-before-data",
        "the build is not one that the owner's pin names",
        lambda w, pins: pins,
        do.add_data(by="id"),
    ),
    _case(
        "another-build-before-a-balance",
        "the build is not one that the owner's pin names",
        lambda w, pins: pins,
        do.balance(),
    ),
    _case("hidden", "the service hides the pin", lambda w, pins: [], _LIST),
    _case("re-signed", "the service shows a newer pin that it signed itself", _resigned, _LIST),
    _case("of-another-tenant", "the service shows a newer pin of another tenant", _of_another_tenant, _LIST),
    _case("altered", "the service shows the pin with another build in it", _altered, _LIST),
    _case("called-expired", "the service shows the pin with an end in it", _expired, _LIST),
    Case(
        name="pin/development-evidence-far-away",
        lie="the build that the pin names, in development evidence, which the user accepts",
        tell=_under_a_root_of_its_own,
        setting=Setting(
            certificate="enclave, vouched for", approved="nothing", switches=frozenset({YES, ACCEPT_DEVELOPMENT})
        ),
        before=(do.make_pin(),),
        action=_LIST,
        expect=_REFUSED,
        may_see=NOTHING,
    ),
    _case("called-over", "the service says that the pin was revoked", _called_over, _LIST),
)
