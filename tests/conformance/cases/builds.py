"""A genuine machine, but not the one that the user demanded or approved; or one that chooses its own judge."""

import dataclasses
from collections.abc import Callable
from typing import Any

from attestation.evidence.identity import KeyProvider, KeyProviderKind
from tests.conformance import actions as do
from tests.conformance.case import Case, Expect
from tests.conformance.machine import Machine
from tests.conformance.setting import ACCEPT_DEVELOPMENT, ALLOW_DEGRADED, HARDWARE, LOOPBACK, YES, Setting
from tests.conformance.world import World

_ASK = do.ask(by="link")
_IMAGES = [
    {"mr_td": "{mr_td}", "rtmr0": "{rtmr0}", "rtmr1": "{rtmr1}", "rtmr2": "{rtmr2}", "os_image_hash": "{os image}"}
]
_PROVIDERS = [{"kind": "kms", "id": "{key provider}"}]
_SERVICES = {"{service}": {"app_id": "{app}"}}


def _case(
    name: str,
    lie: str,
    tell: Callable[[World], object],
    expect: Expect,
    *,
    setting: Setting = HARDWARE,
    action: do.Action = _ASK,
) -> Case:
    return Case(name=f"build/{name}", lie=lie, tell=tell, action=action, expect=expect, setting=setting)


def _demanding(**demands: Any) -> Setting:
    return Setting(demands=demands)


def rebuilt(**facts: Any) -> Callable[[World], None]:
    """The machine runs something else, and its evidence says so."""

    def tell(world: World) -> None:
        mine = world.service.machine
        changed = dataclasses.replace(mine.facts, **facts)
        world.service.machine = Machine(root=mine.root, facts=changed, signer=mine.signer, keyset=mine.keyset)

    return tell


def _measuring(index: int) -> Callable[[World], None]:
    def tell(world: World) -> None:
        mine = world.service.machine
        registers = list(mine.registers)
        registers[index] = b"?" * 48
        world.service.machine = dataclasses.replace(mine, registers=tuple(registers))  # type: ignore[arg-type]

    return tell


def _own_judge(world: World) -> None:
    """The service names a contract and an RPC of its own, where its build is of course approved."""
    rebuilt(compose_hash="ab" * 32)(world)
    auth = {"contract": "0x" + "12" * 20, "chain_id": 1, "rpc_url": world.stranger_url, "explorer_base_url": ""}
    world.service.change("claims", lambda claims: claims | {"app_auth": auth})


def _own_judge_only(world: World) -> None:
    auth = {"contract": "0x" + "12" * 20, "chain_id": 1, "rpc_url": world.stranger_url, "explorer_base_url": ""}
    world.service.change("claims", lambda claims: claims | {"app_auth": auth})


_CHANGED = Expect(4, "build approval", "build_refused")
_NOT_NAMED = Expect(4, "compose hash", "build_refused")
_NEW = Setting(approved="nothing")
APPROVED = [
    _case(
        "changed", "the service runs another build than the user approved", rebuilt(compose_hash="ab" * 32), _CHANGED
    ),
    _case(
        "other-app-same-build",
        "another application runs the build that the user approved",
        rebuilt(app_id="ab" * 20),
        _CHANGED,
    ),
    _case(
        "never-approved",
        "the user never approved anything, and nobody is there to ask",
        lambda world: None,
        _CHANGED,
        setting=_NEW,
    ),
    _case(
        "other-than-the-environment-names",
        "the service runs another build than HIVEMIND_TRUST_HASH names, although the user approved it once",
        lambda world: None,
        _NOT_NAMED,
        setting=Setting(variables={"HIVEMIND_TRUST_HASH": "cd" * 32}),
    ),
    _case(
        "other-than-the-environment-names-with-yes",
        "the service runs another build than HIVEMIND_TRUST_HASH names: -y does not lift that",
        lambda world: None,
        _NOT_NAMED,
        setting=Setting(variables={"HIVEMIND_TRUST_HASH": "cd" * 32}, switches=frozenset({YES})),
    ),
    _case("own-contract-and-rpc", "the service names who shall approve its new build", _own_judge, _CHANGED),
    _case(
        "own-contract-and-rpc-at-first-contact",
        "the service names who shall approve its build when nobody knows it yet",
        _own_judge_only,
        _CHANGED,
        setting=_NEW,
    ),
]
DEMANDED = [
    _case(
        "other-app-than-demanded",
        "another application than the user demands",
        rebuilt(app_id="ab" * 20),
        Expect(4, "app id", "app_refused"),
        setting=_demanding(services=_SERVICES),
    ),
    *[
        _case(
            f"other-os-image-{name}",
            f"the machine started another operating system ({name} differs)",
            _measuring(index),
            Expect(4, "os image", "os_image_refused"),
            setting=_demanding(os_images=_IMAGES),
        )
        for index, name in enumerate(("mrtd", "rtmr0", "rtmr1", "rtmr2"))
    ],
    _case(
        "other-os-image-hash",
        "the machine says that it started another image",
        rebuilt(os_image_hash="ab" * 32),
        Expect(4, "os image", "os_image_refused"),
        setting=_demanding(os_images=_IMAGES),
    ),
    _case(
        "os-image-hash-untold",
        "the machine does not say which image it started",
        rebuilt(os_image_hash=None),
        Expect(4, "policy", "policy_subject_unknown"),
        setting=_demanding(os_images=_IMAGES),
    ),
    _case(
        "other-key-provider",
        "the machine gets its keys from somewhere else",
        rebuilt(key_provider=KeyProvider(KeyProviderKind.KMS, b"x" * 32)),
        Expect(4, "key provider", "key_provider_refused"),
        setting=_demanding(key_providers=_PROVIDERS),
    ),
    _case(
        "keys-of-its-own",
        "the machine makes its keys itself",
        rebuilt(key_provider=KeyProvider(KeyProviderKind.NONE, b"")),
        Expect(4, "key provider", "key_provider_refused"),
        setting=_demanding(key_providers=_PROVIDERS),
    ),
    _case(
        "key-provider-untold",
        "the machine does not say where its keys come from",
        rebuilt(key_provider=None),
        Expect(4, "policy", "policy_subject_unknown"),
        setting=_demanding(key_providers=_PROVIDERS),
    ),
]
WITHOUT_HARDWARE = [
    _case(
        "development-far-away",
        "a remote service offers development evidence",
        lambda world: None,
        Expect(4, "root of trust", "development_refused"),
        setting=Setting(evidence="development", approved="nothing"),
    ),
    _case(
        "development-far-away-with-degraded-allowed",
        "a remote service offers development evidence where less evidence is allowed",
        lambda world: None,
        Expect(4, "root of trust", "development_refused"),
        setting=Setting(evidence="development", approved="nothing", switches=frozenset({ALLOW_DEGRADED})),
    ),
    _case(
        "development-far-away-with-yes",
        "a remote service offers development evidence: -y does not lift that",
        lambda world: None,
        Expect(4, "root of trust", "development_refused"),
        setting=Setting(evidence="development", approved="nothing", switches=frozenset({YES})),
    ),
    _case(
        "not-ready-far-away",
        "a remote service has no evidence",
        lambda world: None,
        Expect(4, "attestation bundle", "evidence_missing"),
        setting=Setting(evidence="none", certificate="public", approved="nothing"),
    ),
    _case(
        "not-ready-far-away-with-development-accepted",
        "a remote service has no evidence where development evidence is accepted",
        lambda world: None,
        Expect(4, "attestation bundle", "evidence_missing"),
        setting=Setting(
            evidence="none", certificate="public", approved="nothing", switches=frozenset({ACCEPT_DEVELOPMENT})
        ),
    ),
    _case(
        "not-ready-where-hardware-is-demanded",
        "a local service has no evidence where the environment demands it",
        lambda world: None,
        Expect(4, "attestation bundle", "evidence_missing"),
        setting=Setting(
            evidence="none", host=LOOPBACK, scheme="http", approved="nothing", variables={"HIVEMIND_REQUIRE_DCAP": "1"}
        ),
    ),
    _case(
        "development-where-hardware-is-demanded",
        "a local service has development evidence where the environment demands hardware",
        lambda world: None,
        Expect(4, "root of trust", "development_refused"),
        setting=Setting(
            evidence="development",
            host=LOOPBACK,
            scheme="http",
            approved="nothing",
            variables={"HIVEMIND_REQUIRE_DCAP": "1"},
        ),
    ),
]
SWITCHED_OFF = [
    _case(
        f"{name.removeprefix('HIVEMIND_').lower().replace('_', '-')}-in-the-environment",
        f"{name} would switch a check off without a word",
        lambda world: None,
        Expect(1, "", "bad_input"),
        setting=Setting(variables={name: "1"}),
    )
    for name in ("HIVEMIND_DISABLE_DCAP", "HIVEMIND_DISABLE_TLS_PIN", "HIVEMIND_DISABLE_APP_AUTH")
]
CASES = (*APPROVED, *DEMANDED, *WITHOUT_HARDWARE, *SWITCHED_OFF)
