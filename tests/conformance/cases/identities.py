"""Lies in what ties a machine to its build and its keys: the configuration id, and the chain from its key service."""

import dataclasses
import json
from collections.abc import Callable
from typing import Any

from attestation.evidence.config_identity import ConfigIdentity, config_id_digest, document_digest
from attestation.evidence.key_chain import KeyChain
from attestation.keys import SigningKey
from tests.conformance import actions as do
from tests.conformance.case import HONEST, Case, Expect
from tests.conformance.machine import Machine, key_chain
from tests.conformance.secret_things import NOTHING, TO_READ_THE_ROOM
from tests.conformance.setting import HARDWARE, Setting
from tests.conformance.world import World

_CONFLICT = Expect(4, "compose hash", "compose_hash_conflict")
_MALFORMED = Expect(4, "configuration id", "config_id_malformed")
_DEMANDING = Setting(demands={"key_services": ["{key service}"]})


def _case(name: str, lie: str, tell: Callable[[World], object], expect: Expect, *, setting: Setting = HARDWARE) -> Case:
    return Case(
        name=f"identity/{name}",
        lie=lie,
        tell=tell,
        setting=setting,
        action=do.inspect_room(by="link"),
        expect=expect,
        may_see=TO_READ_THE_ROOM if expect == HONEST else NOTHING,
        prints=(lambda world: world.manifest.room_id) if expect == HONEST else None,
    )


def _configured(make: Callable[[Machine], bytes]) -> Callable[[World], None]:
    """The host started the machine with this configuration id."""

    def tell(world: World) -> None:
        mine = world.service.machine
        world.service.machine = dataclasses.replace(mine, config_id=make(mine))

    return tell


def _identity(machine: Machine, **changes: Any) -> ConfigIdentity:
    facts = machine.facts
    assert facts.key_provider is not None
    told = {"compose_hash": facts.compose_hash, "app_id": facts.app_id, "key_provider": facts.key_provider}
    return ConfigIdentity(**(told | changes))


def _digest(**changes: Any) -> Callable[[Machine], bytes]:
    return lambda machine: b"\x02" + config_id_digest(_identity(machine, **changes)) + bytes(15)


def _document(machine: Machine, **changes: Any) -> str:
    provider = machine.facts.key_provider
    assert provider is not None
    told = {
        "version": 3,
        "app_id": machine.facts.app_id,
        "compose_hash": machine.facts.compose_hash,
        "key_provider": "kms",
        "key_provider_id": provider.id.hex(),
    }
    return json.dumps(told | changes)


def _documented(shown: Callable[[Machine], str], measured: Callable[[Machine], str]) -> Callable[[World], None]:
    """The id is the digest of one document, and another one may be shown."""

    def tell(world: World) -> None:
        _configured(lambda mine: b"\x03" + document_digest(measured(mine)) + bytes(15))(world)
        text = shown(world.service.machine)
        world.service.change("claims", lambda claims: claims | {"mr_config": text})

    return tell


def _bit(machine: Machine) -> bytes:
    build = bytearray(b"\x01" + bytes.fromhex(machine.facts.compose_hash) + bytes(15))
    build[5] ^= 1
    return bytes(build)


def _tail(machine: Machine) -> bytes:
    return b"\x01" + bytes.fromhex(machine.facts.compose_hash) + bytes(14) + b"\x01"


def _chain(change: Callable[[KeyChain, World], KeyChain | None]) -> Callable[[World], None]:
    return lambda world: world.service.change("key chain", lambda chain: change(chain, world))


def _of_another_key_service(_: KeyChain, world: World) -> KeyChain:
    machine = world.service.machine
    return key_chain("another key service", machine.facts.app_id, machine.signer)


def _of_another_app(_: KeyChain, world: World) -> KeyChain:
    return key_chain(world.service.machine.root, "ee" * 20, world.service.machine.signer)


def _of_another_signer(_: KeyChain, world: World) -> KeyChain:
    machine = world.service.machine
    return key_chain(machine.root, machine.facts.app_id, SigningKey.generate())


def _altered(chain: KeyChain, _: World) -> KeyChain:
    changed = bytes([chain.path_signature[0] ^ 1]) + chain.path_signature[1:]
    return dataclasses.replace(chain, path_signature=changed)


_REFUSED = Expect(4, "run signer chain", "key_root_refused")
_BROKEN = Expect(4, "run signer chain", "key_chain_broken")
CONFIGURATION = [
    _case(
        "digest",
        "none: the configuration id is a digest of build, application and key provider",
        _configured(_digest()),
        HONEST,
    ),
    _case(
        "document", "none: the configuration id is the digest of a document", _documented(_document, _document), HONEST
    ),
    _case(
        "unset",
        "none: the configuration id is unset, the register tells the build",
        _configured(lambda _: bytes(48)),
        HONEST,
    ),
    _case(
        "other-build",
        "the configuration id names another build than the machine measured",
        _configured(_bit),
        _CONFLICT,
    ),
    _case(
        "digest-of-another-app",
        "the configuration id is a digest for another application",
        _configured(_digest(app_id="ee" * 20)),
        _CONFLICT,
    ),
    _case(
        "digest-of-another-build",
        "the configuration id is a digest for another build",
        _configured(_digest(compose_hash="ee" * 32)),
        _CONFLICT,
    ),
    _case(
        "document-of-another-build",
        "the document behind the configuration id names another build",
        _documented(lambda m: _document(m, compose_hash="ee" * 32), lambda m: _document(m, compose_hash="ee" * 32)),
        _CONFLICT,
    ),
    _case(
        "document-exchanged",
        "the document shown is not the one behind the configuration id",
        _documented(lambda m: _document(m, version=3, instance_id="ee" * 20), _document),
        _CONFLICT,
    ),
    _case(
        "unknown-kind",
        "the configuration id is of a kind that nobody knows",
        _configured(lambda _: b"\x09" + bytes(47)),
        _MALFORMED,
    ),
    _case("more-than-a-build", "something follows the build in the configuration id", _configured(_tail), _MALFORMED),
]
CHAINS = [
    _case(
        "chain",
        "none: the run signer comes from the key service that the user demands",
        lambda world: None,
        HONEST,
        setting=_DEMANDING,
    ),
    _case(
        "chain-of-another-key-service",
        "another key service issued the keys",
        _chain(_of_another_key_service),
        _REFUSED,
        setting=_DEMANDING,
    ),
    _case(
        "chain-of-another-app",
        "the key service issued the keys to another application",
        _chain(_of_another_app),
        _REFUSED,
        setting=_DEMANDING,
    ),
    _case(
        "chain-of-another-signer",
        "the chain leads to another run signer",
        _chain(_of_another_signer),
        _BROKEN,
        setting=_DEMANDING,
    ),
    _case("chain-altered", "one bit of the chain is flipped", _chain(_altered), _BROKEN, setting=_DEMANDING),
    _case(
        "chain-hidden",
        "the chain is not shown",
        _chain(lambda chain, world: None),
        Expect(4, "run signer chain", "key_chain_missing"),
        setting=_DEMANDING,
    ),
]
CASES = (*CONFIGURATION, *CHAINS)
