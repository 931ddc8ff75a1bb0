"""Every command that tells a service a secret asks it for proof first, and tells it nothing when the proof fails."""

import json
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from hmctl.cli import root
from tests.hmctl.enclave import Enclave
from tests.hmctl.far_away import URL
from tests.hmctl.secured import Authority, SecuredService, Shown
from tests.hmctl.shell import Shell

ROOM, RUN, AGENT = "room_0123456789ab", "0123456789ab", "aaaaaaaaaaaa"
LINK, AGENTS, KEY, PLAIN = "LINK", "FOLDER", "KEYFILE", "http://rooms.example"
TELLING = {
    "admin billing accounts": "",
    "admin billing balance": "t_0123456789ab",
    "admin billing debit": "-y t_0123456789ab 5 --note x",
    "admin billing delete-price": "-y openrouter m",
    "admin billing grant": "t_0123456789ab 5",
    "admin billing ledger": "",
    "admin billing prices": "",
    "admin billing refund": "t_0123456789ab 5 --note x",
    "admin billing set-price": "openrouter m --prompt-usd-per-million 1 --completion-usd-per-million 1",
    "admin credit-codes create": "--credit 5",
    "admin credit-codes list": "",
    "admin credit-codes revoke": "-y cc_0123456789abcdef",
    "admin llm-probe": "",
    "admin runs list": "",
    "admin runs show": RUN,
    "admin sweep": "",
    "admin tenants create": "carol",
    "admin tenants delete": "-y t_0123456789ab",
    "admin tenants list": "",
    "admin tenants migrate-roles": "",
    "admin tenants register": "carol carols",
    "admin tenants rename": "t_0123456789ab carol",
    "admin tenants rename-database": "-y old new",
    "admin tenants reset-key": "-y t_0123456789ab",
    "agents delete": f"-y {AGENT}",
    "agents files": AGENT,
    "agents get": AGENT,
    "agents list": "",
    "agents logs": AGENT,
    "agents upload": f"{AGENTS}",
    "balance": "",
    "init": f"--service {URL} --api-key-file {KEY} --force",
    "receipt get": RUN,
    "redeem-credit": "hmcc_" + "c" * 43,
    "room accept": LINK,
    "room add-data": f"{ROOM} secret-text",
    "room ask": f"{LINK} secret-question",
    "room cancel": f"{RUN}",
    "room create": f"{AGENTS} --rules secret-rules",
    "room data": ROOM,
    "room delete-data": f"{ROOM} rvi_0123456789abcdef",
    "room inspect": LINK,
    "room list": "",
    "room prune": "--all-active",
    "room quote": LINK,
    "room revoke": f"-y {ROOM}",
    "room runs": RUN,
    "room share": f"{ROOM} show",
    "room trust": f"{ROOM} --mode operator_updates",
    "rotate-key": "-y",
    "signup": "-y carol",
    "spend-tokens list": "",
    "spend-tokens mint": "--limit 1",
    "spend-tokens revoke": "-y 0123456789ab",
    "sql": "secret-sql",
    "trust pin create": "-y --compose " + "ab" * 32,
    "trust pin revoke": "-y 0123456789ab",
    "whoami": "",
}
SILENT = {
    *("profile delete", "profile list", "profile rename", "profile show", "profile use"),
    *("receipt verify", "trust reset", "trust show", "trust pin show", "trust pin list"),
}
CHECKING = {"doctor", "trust approve", "trust attest"}  # look at a service that may fail, and go on or say so


@pytest.fixture
def liar(secured: SecuredService, enclave: Enclave) -> SecuredService:
    """Offers evidence of another build than its quote names."""
    enclave.change = lambda answer: answer | {"attestation": answer["attestation"] | {"compose_hash": "e1" * 32}}
    return secured


@pytest.fixture
def equipped(remote: Shell, tmp_path: Path) -> Shell:
    """Alice's machine, which also has an operator's key, a folder with an agent, and waits for no answer."""
    (tmp_path / "agent").mkdir()
    (tmp_path / "agent" / "Dockerfile").write_text("FROM scratch\n# secret-source\n")
    (tmp_path / "key.txt").write_text("hmk_" + "n" * 43)
    remote.environment |= {"HIVEMIND_ADMIN_KEY": "operators-secret", "HIVEMIND_DEFAULT_SERVICE": URL}
    return remote


def _arguments(name: str, secured: SecuredService, folder: Path, *, service: str = URL) -> list[str]:
    known = {
        LINK: secured.link(service=service),
        AGENTS: str(folder / "agent"),
        KEY: str(folder / "key.txt"),
        URL: service,
    }
    return [*name.split(), *(known.get(word, word) for word in TELLING[name].split())]


def _leaves(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[str]:
    context = click.Context(root)
    for verb in group.list_commands(context):
        command = group.get_command(context, verb)
        if isinstance(command, click.Group):
            yield from _leaves(command, (*path, verb))
        else:
            yield " ".join((*path, verb))


def test_no_command_is_forgotten_here() -> None:
    assert set(_leaves(root)) == TELLING.keys() | SILENT | CHECKING


@pytest.mark.parametrize("name", TELLING)
def test_a_service_that_lies_hears_only_the_question_for_proof(
    name: str, equipped: Shell, liar: SecuredService, tmp_path: Path
) -> None:
    shown = equipped(*_arguments(name, liar, tmp_path))

    assert shown.code == 4, shown.screen
    assert "another build" in shown.err or "compose hash differs" in shown.err
    assert [(asked.method, asked.path) for asked in liar.asked] == [("GET", "/v1/attestation")]
    heard = str([(asked.headers, asked.query, asked.body) for asked in liar.asked])
    assert "hmk_" not in heard and "hmq_" not in heard and "secret" not in heard


@pytest.mark.parametrize("name", TELLING)
def test_nothing_leaves_in_the_clear(name: str, equipped: Shell, liar: SecuredService, tmp_path: Path) -> None:
    equipped.profile("alice", service=PLAIN, key=liar.alice)
    equipped.environment |= {"HIVEMIND_DEFAULT_SERVICE": PLAIN, "HTTP_PROXY": equipped.environment["HTTPS_PROXY"]}

    for flags in ([], ["--dangerously-skip-attestations", "--allow-degraded-attestation", "-y"]):
        shown = equipped(*flags, *_arguments(name, liar, tmp_path, service=PLAIN))
        assert shown.code == 4, shown.screen
        assert "is remote and not https" in shown.err
    assert liar.connections == 0


@pytest.mark.parametrize("name", TELLING)
def test_the_connection_after_the_proof_is_the_one_that_was_proven(
    name: str, equipped: Shell, secured: SecuredService, enclave: Enclave, own: Shown, tmp_path: Path
) -> None:
    """Each connection ends after one answer, and every other one is somebody else's."""
    (tmp_path / "stranger").mkdir()
    stranger = Authority(tmp_path / "stranger").issue()
    secured.choose = lambda number: own if number == 1 else stranger
    equipped.environment["HIVEMIND_TRUST_ALL"] = "1"
    secured.closes = True

    shown = equipped(*_arguments(name, secured, tmp_path))

    assert shown.code == 4, shown.screen
    assert "another certificate" in shown.err
    assert [asked.path for asked in secured.asked] == ["/v1/attestation"]
    assert secured.connections >= 2


@pytest.mark.parametrize("name", sorted(CHECKING - {"doctor"}))
def test_looking_at_a_service_tells_it_nothing(name: str, equipped: Shell, liar: SecuredService) -> None:
    service = ["--service", URL] if name == "trust attest" else [URL]

    shown = equipped("-y", *name.split(), *service, "--json")

    assert shown.code == 4
    assert {asked.path for asked in liar.asked} == {"/v1/attestation"}
    assert "hmk_" not in str([asked.headers for asked in liar.asked])
    assert not (equipped.home / "trust.json").exists()


def test_doctor_goes_on_without_telling_a_secret(equipped: Shell, liar: SecuredService) -> None:
    shown = equipped("doctor", liar.link(service=URL), "--json")

    assert shown.code == 4
    assert json.loads(shown.out)["ok"] is False
    assert {asked.path for asked in liar.asked} <= {"/v1/attestation", "/v1/healthz"}
    assert "hmk_" not in str([asked.headers for asked in liar.asked])
