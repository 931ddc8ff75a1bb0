"""What the user demands in trust-policy.json: understood to the last member, or an error; never quietly nothing."""

import json
from pathlib import Path
from typing import Any

import pytest

from attestation.evidence.platform import TcbStatus
from attestation.policy.base import NotGiven
from attestation.reproduce.source import NamedSource
from hmctl import services
from hmctl.errors import StoreDamaged
from hmctl.trust import demands
from hmctl.trust.demands import Demands
from tests.hmctl.enclave import Enclave
from tests.hmctl.far_away import URL, heard, refused
from tests.hmctl.secured import SecuredService
from tests.hmctl.shell import Shell

SERVICE = services.parse(URL)
REGISTER = "ab" * 48
IMAGE = {"mr_td": REGISTER, "rtmr0": REGISTER, "rtmr1": REGISTER, "rtmr2": REGISTER}
REGISTRY = {"contract": "0x" + "ab" * 20, "chain_id": 1, "rpc_url": "https://rpc.example"}
COMMIT = "3c" * 20
SOURCE = {"commit": COMMIT, "uri": f"https://github.com/example/rooms/blob/{COMMIT}/deploy/compose.yaml"}
WHOLE = {
    "version": 1,
    "tcb": {
        "allowed_statuses": ["UpToDate", "SWHardeningNeeded"],
        "minimum_evaluation_number": 17,
        "refused_advisories": ["INTEL-SA-00615"],
    },
    "os_images": [IMAGE | {"os_image_hash": "cd" * 32}],
    "key_providers": [{"kind": "kms", "id": "00ff"}],
    "services": {f"{URL}/": {"app_id": "a1" * 20, "registry": REGISTRY, "source": SOURCE}},
    "pccs_url": "https://pccs.example",
}


def _load(home: Path, content: object) -> Demands:
    text = content if isinstance(content, str) else json.dumps(content)
    (home / "trust-policy.json").write_text(text)
    return demands.load(home)


def test_without_a_file_only_machines_in_order_are_accepted(tmp_path: Path) -> None:
    policy = demands.load(tmp_path).policy(SERVICE, development=False)

    assert demands.load(tmp_path) == Demands()
    assert policy.platform.allowed_statuses == {TcbStatus.UP_TO_DATE}  # type: ignore[attr-defined]
    assert not policy.platform.allow_development  # type: ignore[attr-defined]
    assert all(isinstance(demand, NotGiven) for demand in (policy.os_image, policy.app, policy.key_provider))


def test_every_member_reaches_the_verifier(tmp_path: Path) -> None:
    policy = _load(tmp_path, WHOLE).policy(SERVICE, development=False)
    platform: Any = policy.platform

    assert platform.allowed_statuses == {TcbStatus.UP_TO_DATE, TcbStatus.SW_HARDENING_NEEDED}
    assert platform.minimum_evaluation_number == 17
    assert platform.refused_advisories == {"INTEL-SA-00615"}
    assert not any(isinstance(demand, NotGiven) for demand in (policy.os_image, policy.app, policy.key_provider))
    assert _load(tmp_path, WHOLE).of(SERVICE).source == NamedSource("trust-policy.json", **SOURCE)
    elsewhere = _load(tmp_path, WHOLE).policy(services.parse("https://elsewhere.example"), development=False)
    assert isinstance(elsewhere.app, NotGiven)


BROKEN: dict[str, object] = {
    "no JSON": "{",
    "no object": [],
    "no version": {},
    "another version": {"version": 2},
    "an unknown member": {"version": 1, "os_image": []},
    "an unknown member of tcb": {"version": 1, "tcb": {"allowed_status": ["UpToDate"]}},
    "a repeated member": '{"version": 1, "version": 1}',
    "an unknown status": {"version": 1, "tcb": {"allowed_statuses": ["uptodate"]}},
    "no status at all": {"version": 1, "tcb": {"allowed_statuses": []}},
    "a negative number": {"version": 1, "tcb": {"minimum_evaluation_number": -1}},
    "a number as text": {"version": 1, "tcb": {"minimum_evaluation_number": "17"}},
    "an advisory that is none": {"version": 1, "tcb": {"refused_advisories": ["a b"]}},
    "an empty list of images": {"version": 1, "os_images": []},
    "an image without a register": {"version": 1, "os_images": [{"mr_td": REGISTER}]},
    "a short register": {"version": 1, "os_images": [IMAGE | {"rtmr2": "ab"}]},
    "a register in capitals": {"version": 1, "os_images": [IMAGE | {"rtmr2": REGISTER.upper()}]},
    "an unknown member of an image": {"version": 1, "os_images": [IMAGE | {"rtmr3": REGISTER}]},
    "an unknown key provider": {"version": 1, "key_providers": [{"kind": "cloud", "id": ""}]},
    "a key provider's id that is no hex": {"version": 1, "key_providers": [{"kind": "kms", "id": "xyz"}]},
    "a service with a path": {"version": 1, "services": {f"{URL}/v1": {}}},
    "one service twice": {"version": 1, "services": {URL: {}, f"{URL}:443": {}}},
    "a short app id": {"version": 1, "services": {URL: {"app_id": "a1"}}},
    "an unknown member of a service": {"version": 1, "services": {URL: {"appid": "a1" * 20}}},
    "a registry without a chain": {"version": 1, "services": {URL: {"registry": {"contract": "0x"}}}},
    "a registry in the clear": {
        "version": 1,
        "services": {URL: {"registry": REGISTRY | {"rpc_url": "http://rpc.example"}}},
    },
    "a cache of statements that is no text": {"version": 1, "pccs_url": 3},
    "a source without a commit": {"version": 1, "services": {URL: {"source": {"uri": SOURCE["uri"]}}}},
    "a source on a branch": {
        "version": 1,
        "services": {URL: {"source": SOURCE | {"uri": SOURCE["uri"].replace(COMMIT, "main")}}},
    },
    "a source elsewhere": {
        "version": 1,
        "services": {URL: {"source": SOURCE | {"uri": SOURCE["uri"].replace("github.com", "git.example")}}},
    },
    "an unknown member of a source": {"version": 1, "services": {URL: {"source": SOURCE | {"ref": "main"}}}},
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_not_understood_is_an_error(name: str, tmp_path: Path) -> None:
    with pytest.raises(StoreDamaged, match=r"trust-policy\.json"):
        _load(tmp_path, BROKEN[name])


def test_a_broken_policy_stops_a_command(remote: Shell, secured: SecuredService) -> None:
    (remote.home / "trust-policy.json").write_text('{"version": 1, "os_image": []}')

    shown = remote("-y", "room", "list")

    assert shown.code == 1
    assert "trust-policy.json has a member that cannot be used: os_image" in shown.err
    assert heard(secured) == set()


def _demand(shell: Shell, **members: Any) -> None:
    (shell.home / "trust-policy.json").write_text(json.dumps({"version": 1} | members))


def test_demands_that_are_met(remote: Shell, enclave: Enclave) -> None:
    registers = {"mr_td": b"t", "rtmr0": b"0", "rtmr1": b"1", "rtmr2": b"2"}
    image = {name: (byte * 48).hex() for name, byte in registers.items()}
    _demand(
        remote,
        tcb={"minimum_evaluation_number": 1},
        os_images=[image, IMAGE],
        key_providers=[{"kind": "kms", "id": b"kms-key".hex()}],
        services={URL: {"app_id": enclave.facts.app_id}},
    )

    shown = remote("-v", "room", "list", text="y\n")

    assert shown.code == 0
    checked = shown.err.split("Not checked:")[1].splitlines()[0]
    assert not any(name in checked for name in ("os image", "key provider", "app id"))


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"os_images": [IMAGE]}, "os_image_refused"),
        ({"key_providers": [{"kind": "tpm", "id": ""}]}, "key_provider_refused"),
        ({"services": {URL: {"app_id": "ee" * 20}}}, "app_refused"),
        ({"tcb": {"minimum_evaluation_number": 2}}, "evaluation_number_too_low"),
    ],
)
def test_demands_that_are_not_met(members: dict[str, Any], code: str, remote: Shell, secured: SecuredService) -> None:
    _demand(remote, **members)

    for flags in (["-y"], ["-y", "--allow-degraded-attestation"]):
        assert refused(remote(*flags, "room", "list", "--json"), secured)[0] == code


def test_a_service_without_evidence_meets_no_demand_on_it(
    remote: Shell, secured: SecuredService, enclave: Enclave
) -> None:
    secured.answers.clear()
    remote.profile("alice", service=secured.url, key=secured.alice)
    assert remote("room", "list").code == 0
    secured.asked.clear()

    _demand(remote, services={secured.url: {"app_id": enclave.facts.app_id}})

    assert refused(remote("room", "list", "--json"), secured)[0] == "evidence_missing"
