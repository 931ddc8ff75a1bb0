"""Asking a cache of the maker's statements: what it answers is taken to the byte, or not at all."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from attestation.evidence.errors import CollateralMalformed
from attestation.evidence.maker_interface import MachineKind
from hmctl.client.outside import OutsideFailed
from hmctl.trust import maker
from tests.conformance import cache_service
from tests.conformance import machine as machines
from tests.conformance.network import Asked, Reply, WebServer
from tests.conformance.witness import Witness
from tests.hmctl.shell import HastyClock

KIND = MachineKind("646576646576", "platform")
HONEST = machines.statements("hardware maker")


class Cache:
    """An honest cache, until an answer is replaced."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.instead: dict[str, Reply] = {}
        self.server = WebServer("the cache", Witness(), self.respond)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    def respond(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        return self.instead.get(asked.path.rpartition("/")[2]) or cache_service.answer(asked, HONEST)


@pytest.fixture
def cache() -> Iterator[Cache]:
    running = Cache()
    yield running
    running.server.close()


def fetch(cache: Cache, *, path: str = "") -> object:
    return maker.fetch(cache.url + path, KIND, clock=HastyClock(), timeout_seconds=20.0)


@pytest.mark.parametrize("path", ["", "/", "/sgx/certification/v4", "/tdx/certification/v4/"])
def test_the_statements_are_those_of_the_cache(path: str, cache: Cache) -> None:
    assert fetch(cache, path=path) == HONEST
    assert [(asked.path, asked.query) for asked in cache.asked] == [
        ("/sgx/certification/v4/pckcrl", {"ca": "platform", "encoding": "der"}),
        ("/tdx/certification/v4/tcb", {"fmspc": "646576646576"}),
        ("/tdx/certification/v4/qe/identity", {}),
        ("/sgx/certification/v4/rootcacrl", {}),
    ]


def test_the_list_of_the_root_may_come_as_bytes(cache: Cache) -> None:
    cache.instead["rootcacrl"] = Reply(HONEST.root_ca_crl, content_type="application/pkix-crl")

    assert fetch(cache) == HONEST


def test_the_older_name_of_a_header_is_known(cache: Cache) -> None:
    plain = cache_service.answer(Asked("GET", "/tdx/certification/v4/tcb", {}, {}, b"", 1), HONEST)
    cache.instead["tcb"] = replace(plain, headers={"SGX-TCB-Info-Issuer-Chain": plain.headers["TCB-Info-Issuer-Chain"]})

    assert fetch(cache) == HONEST


@pytest.mark.parametrize("name", ["pckcrl", "tcb", "identity"])
def test_without_the_signers_certificates_there_is_nothing(name: str, cache: Cache) -> None:
    path = f"/sgx/certification/v4/{'qe/' if name == 'identity' else ''}{name}"
    honest = cache_service.answer(Asked("GET", path, {}, {}, b"", 1), HONEST)
    cache.instead[name] = replace(honest, headers={})

    with pytest.raises(CollateralMalformed):
        fetch(cache)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"tcbInfo": {}}',
        '{"tcbInfo": {}, "signature": "zz"}',
        '{"tcbInfo": {}, "signature": 1}',
        '{"tcbInfo": {"a": 1}, "tcbInfo": {"a": 2}, "signature": "' + "00" * 64 + '"}',
        '{"x": "\\"tcbInfo\\": {}", "tcbInfo": 1, "signature": "' + "00" * 64 + '"}',
        "[" * 100_000,
    ],
)
def test_what_is_not_a_signed_statement_is_none(text: str, cache: Cache) -> None:
    chain = {"TCB-Info-Issuer-Chain": "x"}
    cache.instead["tcb"] = Reply(text.encode(), headers=chain)

    with pytest.raises(CollateralMalformed):
        fetch(cache)


def test_the_text_that_was_signed_is_kept_to_the_byte(cache: Cache) -> None:
    spaced = json.dumps(json.loads(HONEST.tcb_info), indent=3)
    body = f'{{ "signature" : "{HONEST.tcb_info_signature.hex().upper()}", "tcbInfo" :\n{spaced} }}'
    cache.instead["tcb"] = Reply(body.encode(), headers={"TCB-Info-Issuer-Chain": "x"})

    assert fetch(cache) == replace(HONEST, tcb_info=spaced, tcb_info_issuer_chain="x")


@pytest.mark.parametrize(
    "reply",
    [Reply({"detail": "down"}, 503), Reply(b"", 302, {"Location": "/elsewhere"}), Reply(b" " * (1024 * 1024 + 1))],
)
def test_an_answer_that_is_none_is_not_taken(reply: Reply, cache: Cache) -> None:
    cache.instead["identity"] = reply

    with pytest.raises(OutsideFailed):
        fetch(cache)


def test_the_time_is_limited_for_all_answers_together(cache: Cache) -> None:
    with pytest.raises(OutsideFailed, match="time"):
        maker.fetch(cache.url, KIND, clock=HastyClock(), timeout_seconds=0.0)
