"""A registry counts when the user named it; the one that a service names is never asked."""

import json
from collections.abc import Iterator

import pytest

from tests.attestation.released import word
from tests.hmctl.chain_node import CHAIN, CONTRACT, ChainNode
from tests.hmctl.enclave import Enclave
from tests.hmctl.far_away import URL, heard, refused
from tests.hmctl.secured import SecuredService
from tests.hmctl.shell import Shell


@pytest.fixture
def node() -> Iterator[ChainNode]:
    running = ChainNode()
    yield running
    running.close()


@pytest.fixture
def careful(remote: Shell, node: ChainNode) -> Shell:
    """Alice's machine after she named a registry for the service."""
    registry = {"contract": CONTRACT, "chain_id": CHAIN, "rpc_url": node.url}
    demanded = {"version": 1, "services": {URL: {"registry": registry}}}
    (remote.home / "trust-policy.json").write_text(json.dumps(demanded))
    return remote


def _revoke(node: ChainNode) -> None:
    node.allowed, node.release = word(0), node.registered(approved=0, revoked_at=1_700_000_001)


def test_an_approved_build_is_recorded_without_a_question(careful: Shell, node: ChainNode, enclave: Enclave) -> None:
    shown = careful("room", "list")

    assert shown.code == 0
    assert "Approve" not in shown.err and "approves this build" in shown.err
    stored = json.loads((careful.home / "trust.json").read_text())["services"][URL]
    assert stored["approved_compose_hash"] == enclave.build
    assert node.asked


def test_a_refused_build_is_refused_whatever_the_user_says(
    careful: Shell, node: ChainNode, secured: SecuredService
) -> None:
    _revoke(node)

    for flags in ([], ["-y"], ["-y", "--allow-degraded-attestation"]):
        shown = careful(*flags, "room", "list", "--json", text="y\n")
        assert refused(shown, secured) == ("registry_refused", "build registry")
    assert not (careful.home / "trust.json").exists()


def test_a_refusal_wins_over_what_was_approved_before(
    careful: Shell, node: ChainNode, secured: SecuredService, enclave: Enclave
) -> None:
    assert careful("room", "list").code == 0
    _revoke(node)
    secured.asked.clear()

    for flags in ([], ["-y"]):
        assert refused(careful(*flags, "room", "list", "--json"), secured) == ("registry_refused", "build registry")
    assert refused(careful("trust", "approve", "-y", "--json"), secured) == ("registry_refused", "build registry")
    careful.environment["HIVEMIND_TRUST_HASH"] = enclave.build
    assert refused(careful("trust", "approve", "-y", "--json"), secured) == ("registry_refused", "build registry")


def test_a_registry_that_cannot_tell_leaves_an_earlier_approval_and_says_so(careful: Shell, node: ChainNode) -> None:
    assert careful("room", "list").code == 0
    assert careful("room", "list").err == ""
    node.chain_id = "0x1"

    shown = careful("room", "list")

    assert shown.code == 0
    assert f"warning: registry of {URL} not checked: the RPC serves chain 1" in shown.err


def test_an_examination_shows_what_the_registry_says(
    careful: Shell, node: ChainNode, secured: SecuredService, enclave: Enclave
) -> None:
    before = json.loads(careful("trust", "attest", "--json").out)
    careful("room", "list")
    after = careful("trust", "attest")
    _revoke(node)
    secured.asked.clear()
    shown = careful("trust", "attest", "--json")

    assert before["checks"][-1]["outcome"] == "verified"
    assert "never approved on this machine; registry: the registry approves" in before["checks"][-1]["detail"]
    assert after.code == 0 and "approved on this machine 20" in after.out
    told = json.loads(shown.out)
    assert (shown.code, told["verdict"], told["error"]["code"]) == (4, "refused", "registry_refused")
    assert told["checks"][-1]["outcome"] == "failed" and told["proven"]["compose_hash"] == enclave.build


def test_a_checkup_asks_the_registry_once_and_the_user_nothing(
    careful: Shell, node: ChainNode, secured: SecuredService
) -> None:
    node.chain_id = "0x1"
    shown = careful("doctor", "--json", text="y\n")
    told = {check["name"]: check for check in json.loads(shown.out)["checks"]}
    assert shown.code == 4 and told["build approved"]["code"] == "build_refused"
    assert len(node.asked) == 1 and heard(secured) == set()
    assert not (careful.home / "trust.json").exists()

    node.chain_id = hex(CHAIN)
    _revoke(node)
    shown = careful("doctor", "--json", text="y\n")
    told = {check["name"]: check for check in json.loads(shown.out)["checks"]}
    assert shown.code == 4 and told["build approved"]["code"] == "registry_refused"
    assert heard(secured) == set()


def test_a_registry_that_cannot_tell_leaves_the_question(careful: Shell, node: ChainNode) -> None:
    node.chain_id = "0x1"

    assert careful("room", "list").code == 4
    shown = careful("room", "list", text="y\n")
    assert shown.code == 0 and "Approve this build?" in shown.err


def test_a_named_build_is_not_looked_up(careful: Shell, node: ChainNode, enclave: Enclave) -> None:
    _revoke(node)
    careful.environment["HIVEMIND_TRUST_HASH"] = enclave.build

    assert careful("room", "list").code == 0
    assert node.asked == []


def test_the_registry_of_the_service_itself_is_not_asked(
    remote: Shell, node: ChainNode, secured: SecuredService, enclave: Enclave
) -> None:
    own = {"contract": CONTRACT, "chain_id": CHAIN, "rpc_url": node.url, "explorer_base_url": ""}
    enclave.change = lambda answer: answer | {"attestation": answer["attestation"] | {"app_auth": own}}

    assert refused(remote("room", "list", "--json"), secured)[1] == "build approval"
    assert node.asked == []
