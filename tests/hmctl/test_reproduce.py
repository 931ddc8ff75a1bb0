"""`hmctl trust attest --reproduce`: exit code 0 for a whole chain, something else for every other."""

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hmctl import services
from tests.attestation.released import word
from tests.attestation.reproduced import COMMIT, CORE, DIGEST, OTHER_DIGEST, SOURCE_FILE, URL, app_compose
from tests.hmctl.chain_node import CHAIN, CONTRACT, ChainNode
from tests.hmctl.enclave import Enclave
from tests.hmctl.lying_service import LyingService
from tests.hmctl.shell import Shell, Shown

TEXT = app_compose()
NAME = CORE.partition("@")[0]
REGISTERS = {"mr_td": b"t", "rtmr0": b"0", "rtmr1": b"1", "rtmr2": b"2"}
REMOTE = services.parse("https://rooms.example")


@pytest.fixture
def enclave(service: LyingService) -> Enclave:
    running = Enclave(service)
    running.upgrade(hashlib.sha256(TEXT).hexdigest())
    return running


@pytest.fixture
def node() -> Iterator[ChainNode]:
    running = ChainNode()
    running.release = running.registered(commit=COMMIT.encode(), uri=URL.encode())
    yield running
    running.close()


@pytest.fixture
def follow(carol: Shell, service: LyingService, enclave: Enclave, tmp_path: Path) -> Callable[..., Shown]:
    """Carol follows Olga's build with files at hand; she needs no key for it."""
    enclave.equip(carol, tmp_path)
    carol.environment |= {"GITHUB_TOKEN": None, "GH_TOKEN": None}
    image = {name: (letter * 48).hex() for name, letter in REGISTERS.items()}
    demand(carol, {"os_images": [image]})
    files = {"app-compose": TEXT, "compose-file": SOURCE_FILE.encode()}

    def run(*more: str, **changed: bytes | None) -> Shown:
        args: list[str] = []
        for name, content in (files | {name.replace("_", "-"): value for name, value in changed.items()}).items():
            if content is not None:
                (tmp_path / name).write_bytes(content)
                args += [f"--{name}", str(tmp_path / name)]
        return carol("trust", "attest", "--reproduce", "--service", service.url, *args, *more)

    return run


def demand(shell: Shell, more: dict[str, Any]) -> None:
    path = shell.home / "trust-policy.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    before = json.loads(path.read_text()) if path.exists() else {"version": 1}
    path.write_text(json.dumps(before | more))


def pin(shell: Shell, service: LyingService, node: ChainNode) -> None:
    registry = {"contract": CONTRACT, "chain_id": CHAIN, "rpc_url": node.url}
    demand(shell, {"services": {service.url: {"registry": registry}}})


def demands_of(shell: Shell, service: LyingService) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((shell.home / "trust-policy.json").read_text())["services"][service.url]
    return found


BY_HAND = ("--source-url", URL, "--commit", COMMIT)


def test_a_whole_chain_named_by_hand_exits_with_0(follow: Callable[..., Shown]) -> None:
    shown = follow(*BY_HAND, "--image-digest", f"{NAME}={DIGEST}")

    assert shown.code == 0, shown.screen
    assert shown.out.count("VERIFIED") == 7
    assert "PARTIAL" not in shown.out and "FAILED" not in shown.out
    assert COMMIT in shown.out


def test_images_that_nobody_compared_are_mentioned(follow: Callable[..., Shown]) -> None:
    shown = follow(*BY_HAND)

    assert shown.code == 0
    assert "--image-digest" in shown.err


def test_a_whole_chain_named_by_the_pinned_registry(
    follow: Callable[..., Shown], carol: Shell, service: LyingService, node: ChainNode
) -> None:
    pin(carol, service, node)
    shown = follow("--json")

    assert shown.code == 0, shown.screen
    told = json.loads(shown.out)
    assert (told["outcome"], told["exit"], told["service"]) == ("verified", 0, service.url)
    source = next(link for link in told["links"] if link["name"] == "source")
    assert source["evidence"]["named by"] == "the registry"
    assert len(node.asked) == 3


def test_the_registry_that_the_service_claims_is_never_asked(
    follow: Callable[..., Shown], service: LyingService, enclave: Enclave, node: ChainNode
) -> None:
    def claim(wire: dict[str, Any]) -> dict[str, Any]:
        wire["attestation"]["app_auth"] = {
            "contract": CONTRACT,
            "chain_id": CHAIN,
            "rpc_url": node.url,
            "explorer_base_url": "",
        }
        return wire

    service.answer("GET", "/v1/attestation", lambda asked: claim(enclave.answer(asked)))  # type: ignore[arg-type]
    shown = follow("--json")

    assert shown.code == 1
    assert node.asked == []
    assert json.loads(shown.out)["links"][3]["code"] == "source_unnamed"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"app_compose": TEXT + b"\n"}, 4),
        ({"app_compose": b""}, 4),
        ({"compose_file": SOURCE_FILE.replace("TLS=1", "TLS=0").encode()}, 7),
        ({"compose_file": b""}, 7),
    ],
)
def test_a_file_that_does_not_fit_has_its_exit_code(
    follow: Callable[..., Shown], change: dict[str, bytes], code: int
) -> None:
    shown = follow(*BY_HAND, **change)

    assert shown.code == code, shown.screen
    assert "FAILED" in shown.out
    assert "not reproduced" in shown.err


def test_a_measured_text_that_is_not_understood_exits_with_6(follow: Callable[..., Shown], enclave: Enclave) -> None:
    enclave.upgrade(hashlib.sha256(b"{}").hexdigest())

    assert follow(*BY_HAND, app_compose=b"{}").code == 6


@pytest.mark.parametrize(
    "args",
    [
        (),
        ("--source-url", URL.replace(COMMIT, "main"), "--commit", COMMIT),
        ("--source-url", "https://example.org/x.yaml", "--commit", COMMIT),
        (*BY_HAND, "--image-digest", f"{NAME}={OTHER_DIGEST}"),
    ],
    ids=["nobody names a source", "a branch", "not on GitHub", "another image"],
)
def test_every_other_gap_exits_with_1(follow: Callable[..., Shown], args: tuple[str, ...]) -> None:
    shown = follow(*args)

    assert shown.code == 1, shown.screen


def test_a_partial_chain_is_no_success_in_json_either(follow: Callable[..., Shown]) -> None:
    shown = follow("--json")
    told = json.loads(shown.out)

    assert (shown.code, told["exit"], told["outcome"]) == (1, 1, "partial")
    assert told["links"][3]["remedy"]


def test_a_registry_that_refuses_beats_what_the_user_says(
    follow: Callable[..., Shown], carol: Shell, service: LyingService, node: ChainNode
) -> None:
    pin(carol, service, node)
    node.allowed, node.release = word(0), node.registered(approved=0)
    shown = follow(*BY_HAND, "--json")

    assert shown.code == 1
    assert json.loads(shown.out)["links"][3]["code"] == "registry_refuses"


def test_a_silent_registry_leaves_the_source_open(
    follow: Callable[..., Shown], carol: Shell, service: LyingService, node: ChainNode
) -> None:
    pin(carol, service, node)
    node.chain_id = "0x1"

    assert json.loads(follow("--json").out)["links"][3]["code"] == "registry_undecided"
    assert follow(*BY_HAND).code == 0


def test_a_registry_with_another_source_contradicts(
    follow: Callable[..., Shown], carol: Shell, service: LyingService, node: ChainNode
) -> None:
    pin(carol, service, node)
    node.release = node.registered(commit=b"d" * 40, uri=URL.replace(COMMIT, "d" * 40).encode())

    assert json.loads(follow(*BY_HAND, "--json").out)["links"][3]["code"] == "source_contradicted"


def test_a_source_that_is_demanded_makes_a_whole_chain(
    follow: Callable[..., Shown], carol: Shell, service: LyingService
) -> None:
    demand(carol, {"services": {service.url: {"source": {"commit": COMMIT, "uri": URL}}}})

    shown = follow("--json")

    assert shown.code == 0
    assert json.loads(shown.out)["links"][3]["evidence"]["named by"] == "trust-policy.json"


def test_another_source_than_the_one_demanded_contradicts(
    follow: Callable[..., Shown], carol: Shell, service: LyingService, node: ChainNode
) -> None:
    other = "d" * 40
    source = {"commit": other, "uri": URL.replace(COMMIT, other)}
    demand(carol, {"services": {service.url: {"source": source}}})
    by_hand = follow(*BY_HAND, "--json")
    pin(carol, service, node)
    demand(carol, {"services": {service.url: demands_of(carol, service) | {"source": source}}})
    by_registry = follow("--json")

    for shown in (by_hand, by_registry):
        assert shown.code == 1
        assert json.loads(shown.out)["links"][3]["code"] == "source_contradicted"


def test_an_unknown_operating_system_is_partial_and_exits_with_4(follow: Callable[..., Shown], carol: Shell) -> None:
    (carol.home / "trust-policy.json").unlink()
    shown = follow(*BY_HAND)

    assert shown.code == 4
    assert "PARTIAL" in shown.out and "os image" in shown.out


def test_development_evidence_is_never_reproduced(follow: Callable[..., Shown], enclave: Enclave) -> None:
    enclave.kind = "development"
    shown = follow(*BY_HAND)

    assert shown.code == 4
    assert "development root" in shown.out


def test_evidence_of_another_machine_is_failed(follow: Callable[..., Shown], enclave: Enclave, carol: Shell) -> None:
    carol.hardware = None
    shown = follow(*BY_HAND, "--json")

    assert shown.code == 4
    assert json.loads(shown.out)["links"][0]["outcome"] == "failed"


def test_a_service_without_evidence_exits_with_2(carol: Shell, service: LyingService) -> None:
    shown = carol("trust", "attest", "--reproduce", "--service", service.url)

    assert shown.code == 2
    assert "VERIFIED" not in shown.out


@pytest.mark.parametrize(
    "args",
    [
        ("--commit", COMMIT),
        ("--reproduce", "--commit", COMMIT),
        ("--reproduce", "--source-url", URL),
        ("--reproduce", "--source-url", URL, "--commit", COMMIT[:7]),
        ("--reproduce", "--image-digest", "x"),
        ("--reproduce", "--image-digest", "x=sha256:ab"),
        ("--reproduce", "--image-digest", f"x:1={DIGEST}"),
        ("--reproduce", "--image-digest", f"x={DIGEST}", "--image-digest", f"x={OTHER_DIGEST}"),
        ("--reproduce", "--reviewed", "abc"),
        ("--reproduce", "--raw"),
    ],
    ids=" ".join,
)
def test_options_that_do_not_fit_are_wrong_usage(carol: Shell, service: LyingService, args: tuple[str, ...]) -> None:
    assert carol("trust", "attest", "--service", service.url, *args).code == 2
    assert service.asked == []


def test_a_file_that_is_not_there_is_told(follow: Callable[..., Shown], tmp_path: Path) -> None:
    shown = follow(*BY_HAND, "--app-compose", str(tmp_path / "none"), app_compose=None)

    assert shown.code == 1
    assert "cannot read" in shown.err
