"""On-chain approval: only where the user said to ask, and never on an odd answer."""

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from hmctl.errors import BadInput
from hmctl.trust import registry
from hmctl.trust.registry import Registry, RegistryAnswer, Verdict, lookup, parse_registry
from tests.attestation.released import word
from tests.hmctl.chain_node import ALLOWED, CHAIN, CONTRACT, RELEASES, ChainNode
from tests.hmctl.http_service import Reply

BUILD = "c0" * 32
NO = {"approved": 0}


@pytest.fixture
def node() -> Iterator[ChainNode]:
    running = ChainNode()
    yield running
    running.close()


def ask(node: ChainNode, build: str = BUILD, *, seconds: float = 5) -> RegistryAnswer:
    return lookup(parse_registry(CONTRACT, CHAIN, node.url), build, timeout_seconds=seconds)


def test_an_approved_build_comes_with_its_source(node: ChainNode) -> None:
    answer = ask(node)

    assert answer.verdict is Verdict.APPROVED
    assert (answer.commit, answer.uri, answer.approved_at, answer.revoked_at) == ("3c" * 20, "u:r", 1_700_000_000, 0)
    assert [question["method"] for question in node.asked] == ["eth_chainId", "eth_call", "eth_call"]
    for question, selector in zip(node.asked[1:], (ALLOWED, RELEASES), strict=True):
        assert question["params"] == [{"to": CONTRACT, "data": selector + BUILD}, "latest"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (NO | {"revoked_at": 1_700_000_001}, "revoked"),
        (NO | {"approved_at": 0, "commit": b"", "uri": b""}, "does not approve"),
    ],
)
def test_a_revoked_or_unregistered_build_is_refused(node: ChainNode, changes: dict[str, Any], reason: str) -> None:
    node.allowed, node.release = word(0), node.registered(**changes)
    answer = ask(node)

    assert answer.verdict is Verdict.REFUSED
    assert reason in answer.reason


@pytest.mark.parametrize(
    "chain_id", ["0x1", "0xAA36A7", "0x0aa36a7", "11155111", 11155111, None, "0x", "0x" + "f" * 17]
)
def test_another_chain_is_no_approval(node: ChainNode, chain_id: object) -> None:
    node.chain_id = chain_id

    assert ask(node).verdict is Verdict.UNKNOWN
    assert len(node.asked) == 1


@pytest.mark.parametrize("selector", [ALLOWED, RELEASES])
@pytest.mark.parametrize(
    "reply",
    [
        {"error": {"code": 3, "message": "execution reverted", "data": "0x" + word(1).hex()}},
        {"error": {"code": 3}, "result": "0x" + word(1).hex()},
        {"result": "0x"},
        {"result": None},
        {"result": True},
        {"result": "0x1"},
        {"result": "0x" + "00" * 31 + "02"},
        {"result": "0x08c379a0" + "00" * 64},
        {},
        {"result": "0x" + word(1).hex(), "id": 999},
        {"result": "0x" + word(1).hex(), "id": True},
        {"result": "0x" + word(1).hex(), "jsonrpc": "1.0"},
    ],
    ids=str,
)
def test_an_odd_answer_is_no_approval(node: ChainNode, selector: str, reply: dict[str, Any]) -> None:
    node.replies[selector] = reply

    assert ask(node).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("allowed", "changes"),
    [
        (1, NO),
        (0, {}),
        (1, {"approved_at": 0}),
        (1, {"revoked_at": 1_700_000_001}),
    ],
)
def test_an_approval_that_contradicts_itself_is_none(node: ChainNode, allowed: int, changes: dict[str, Any]) -> None:
    node.allowed, node.release = word(allowed), node.registered(**changes)

    assert ask(node).verdict is Verdict.UNKNOWN


def test_an_approval_after_a_revocation_counts(node: ChainNode) -> None:
    node.release = node.registered(revoked_at=1_600_000_000)

    assert ask(node).verdict is Verdict.APPROVED


@pytest.mark.parametrize(
    "reply",
    [
        Reply({"jsonrpc": "2.0", "id": 1, "result": hex(CHAIN)}, status=500),
        Reply({"jsonrpc": "2.0", "id": 1, "result": hex(CHAIN)}, status=203),
        Reply(b"not json"),
        Reply(b"[" * 50_000),
        Reply(b"\xff\xfe"),
        Reply([]),
        Reply(b'{"jsonrpc": "2.0", "id": 1, "result": "0x1", "result": "0xaa36a7"}'),
        Reply(b" " * 70_000),
        Reply(b"\x1f\x8b", headers={"Content-Encoding": "gzip"}),
    ],
    ids=lambda reply: str(reply.body)[:20] + str(reply.status),
)
def test_whatever_is_no_answer_is_no_approval(node: ChainNode, reply: Reply) -> None:
    node.reply = reply

    assert ask(node).verdict is Verdict.UNKNOWN


def test_a_redirect_is_not_followed(node: ChainNode) -> None:
    other = ChainNode()
    node.reply = Reply({}, status=307, headers={"Location": other.url})
    answer = ask(node)
    other.close()

    assert answer.verdict is Verdict.UNKNOWN
    assert "redirect" in answer.reason
    assert other.asked == []


def test_a_contract_that_is_not_there_is_no_approval(node: ChainNode) -> None:
    answer = lookup(parse_registry("0x" + "cd" * 20, CHAIN, node.url), BUILD)

    assert answer.verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("build", ["", "c0" * 31, "C0" * 32])
def test_without_a_proven_build_nobody_is_asked(node: ChainNode, build: str) -> None:
    assert ask(node, build).verdict is Verdict.UNKNOWN
    assert node.asked == []


def test_a_slow_node_is_given_up(node: ChainNode) -> None:
    node.delay_seconds = 3.0
    began = time.monotonic()

    assert ask(node, seconds=0.3).verdict is Verdict.UNKNOWN
    assert time.monotonic() - began < 2


def test_a_node_that_drips_is_given_up_at_the_deadline() -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    done = threading.Event()

    def drip() -> None:
        peer, _ = listening.accept()
        peer.sendall(b"HTTP/1.1 200 OK\r\n")
        while not done.wait(0.05):
            try:
                peer.sendall(b"x")
            except OSError:
                break
        peer.close()

    threading.Thread(target=drip, daemon=True).start()
    began = time.monotonic()
    named = parse_registry(CONTRACT, CHAIN, f"http://127.0.0.1:{listening.getsockname()[1]}")

    answer = lookup(named, BUILD, timeout_seconds=0.5)

    done.set()
    listening.close()
    assert answer.verdict is Verdict.UNKNOWN
    assert time.monotonic() - began < 2


def test_a_node_that_is_not_there_is_no_approval(node: ChainNode) -> None:
    url = node.url
    node.close()

    assert lookup(Registry(CONTRACT, CHAIN, url), BUILD).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("contract", "chain_id", "rpc_url"),
    [
        ("ab" * 20, 1, "https://rpc.example"),
        ("0x" + "ab" * 19, 1, "https://rpc.example"),
        ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD", 1, "https://rpc.example"),  # one letter in the wrong case
        (None, 1, "https://rpc.example"),
        (CONTRACT, 0, "https://rpc.example"),
        (CONTRACT, True, "https://rpc.example"),
        (CONTRACT, "1", "https://rpc.example"),
        (CONTRACT, 2**53, "https://rpc.example"),
        (CONTRACT, 1, "http://rpc.example"),
        (CONTRACT, 1, "https://alice:secret@rpc.example"),
        (CONTRACT, 1, "https://rpc.example/#x"),
        (CONTRACT, 1, "https://rpc.example/\n"),
        (CONTRACT, 1, "file:///etc/passwd"),
        (CONTRACT, 1, "https://rpc.example:99999"),
        (CONTRACT, 1, ""),
        (CONTRACT, 1, None),
    ],
)
def test_a_registry_that_cannot_be_one_is_refused(contract: object, chain_id: object, rpc_url: object) -> None:
    with pytest.raises(BadInput) as refused:
        parse_registry(contract, chain_id, rpc_url)
    assert "secret" not in str(refused.value)


def test_an_address_with_a_right_checksum_is_taken() -> None:
    named = parse_registry("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", 1, "https://rpc.example/v2/secret-key")

    assert named.contract == "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"
    assert "secret" not in repr(named)


def test_the_key_in_an_rpc_address_is_never_told(node: ChainNode) -> None:
    node.reply = Reply({}, status=401)
    answer = registry.lookup(Registry(CONTRACT, CHAIN, f"{node.url}/v2/secret-key"), BUILD)

    assert "secret" not in answer.reason
