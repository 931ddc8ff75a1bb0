"""Lies on the way: another certificate later, another host, no encryption, answers without end."""

import gzip
import time
from collections.abc import Callable, Iterator

from tests.conformance import actions as do
from tests.conformance import certificates
from tests.conformance.case import Case, Expect
from tests.conformance.network import Asked, Reply
from tests.conformance.secret_things import AS_OWNER, NOTHING, TO_READ_THE_ROOM
from tests.conformance.setting import (
    ACCEPT_DEVELOPMENT,
    ALLOW_DEGRADED,
    DEVELOPMENT_TLS,
    HARDWARE,
    YES,
    Setting,
)
from tests.conformance.world import World

_ASK = do.ask(by="link")
_CHANGED = Expect(4, "tls channel", "certificate_changed")
_UNTRUSTED = Expect(4, "tls channel", "certificate_not_trusted")
_NOT_HTTPS = Expect(4, "tls channel", "not_https")
_UNAVAILABLE = Expect(4, "attestation bundle", "evidence_unavailable")
_MEBIBYTE = 1024 * 1024


def _case(
    name: str,
    lie: str,
    tell: Callable[[World], object],
    expect: Expect,
    *,
    setting: Setting = HARDWARE,
    action: do.Action = _ASK,
    may_see: frozenset[str] = NOTHING,
) -> Case:
    return Case(
        name=f"channel/{name}", lie=lie, tell=tell, action=action, expect=expect, setting=setting, may_see=may_see
    )


def _switched(world: World) -> None:
    """After the evidence every connection is closed, and the next one ends at somebody else."""
    _closing_after_evidence(world)
    world.later_certificate = certificates.enclave(world.setting.host)


def _switched_to_public(world: World) -> None:
    _closing_after_evidence(world)
    world.later_certificate = certificates.public(world.setting.host)


def _closing_after_evidence(world: World) -> None:
    def answer(asked: Asked) -> Reply:
        nonce = asked.query.get("nonce")
        return Reply(world.service.bundle(bytes.fromhex(nonce) if nonce else None), closes=True)

    world.routes.instead("GET", "/v1/attestation", answer)


def _redirected(path: str, method: str = "GET") -> Callable[[World], None]:
    def tell(world: World) -> None:
        away = Reply(b"", 307, {"Location": world.stranger_url + "/v1/attestation"})
        world.routes.instead(method, path, lambda asked: away)

    return tell


def _endless() -> Iterator[bytes]:
    for _ in range(200):
        yield b" " * _MEBIBYTE


def _dripping() -> Iterator[bytes]:
    yield b'{"ready": tr'
    for _ in range(40):
        time.sleep(0.25)
        yield b" "


def _packed(path: str, encoding: str) -> Callable[[World], None]:
    """A few bytes on the wire that unpack to more than anybody wants."""

    def tell(world: World) -> None:
        content = bytes(_MEBIBYTE * 256)
        for _ in encoding.split(","):
            content = gzip.compress(content, compresslevel=1)
        world.routes.instead("GET", path, lambda asked: Reply(content, headers={"Content-Encoding": encoding}))

    return tell


def _pieces(path: str, make: Callable[[], Iterator[bytes]]) -> Callable[[World], None]:
    return lambda world: world.routes.instead("GET", path, lambda asked: Reply(pieces=make))


CASES = (
    _case("certificate-switched", "after the evidence the connection ends at somebody else", _switched, _CHANGED),
    _case(
        "certificate-switched-before-an-upload",
        "after the evidence the connection ends at somebody else, before vault data are sent",
        _switched,
        _CHANGED,
        action=do.add_data(by="id"),
    ),
    _case(
        "certificate-switched-to-a-public-one",
        "after the evidence the connection ends at somebody else, whom an authority vouches for",
        _switched_to_public,
        _CHANGED,
    ),
    _case(
        "certificate-switched-on-loopback",
        "after development evidence the connection ends at another program",
        _switched,
        _CHANGED,
        setting=DEVELOPMENT_TLS,
    ),
    _case(
        "certificate-switched-when-degraded",
        "without evidence, the certificate of the first connection is not that of the second",
        lambda world: (
            setattr(world, "later_certificate", certificates.public(world.setting.host))
            or _closing_after_evidence(world)
        ),
        _CHANGED,
        setting=Setting(
            evidence="none", certificate="public", approved="nothing", switches=frozenset({ALLOW_DEGRADED})
        ),
    ),
    _case(
        "nobody-vouches-for-the-certificate-when-degraded",
        "without evidence, no authority vouches for the certificate either",
        lambda world: None,
        _UNTRUSTED,
        setting=Setting(evidence="none", approved="nothing", switches=frozenset({ALLOW_DEGRADED})),
    ),
    _case(
        "plain-http-far-away",
        "the link leads to a remote service without encryption",
        lambda world: None,
        _NOT_HTTPS,
        setting=Setting(scheme="http"),
    ),
    _case(
        "plain-http-far-away-with-everything-allowed",
        "the link leads to a remote service without encryption, and the flags allow less evidence",
        lambda world: None,
        _NOT_HTTPS,
        setting=Setting(scheme="http", switches=frozenset({ALLOW_DEGRADED, ACCEPT_DEVELOPMENT, YES})),
    ),
    _case(
        "evidence-redirected",
        "the request for evidence is sent on to another host",
        _redirected("/v1/attestation"),
        _UNAVAILABLE,
    ),
    _case(
        "room-redirected",
        "the request for the room, with the invite, is sent on to another host",
        _redirected("/v1/rooms/[^/]+/attest"),
        Expect(1, "", "http"),
        may_see=TO_READ_THE_ROOM,
    ),
    _case(
        "balance-redirected",
        "a request with the owner's key is sent on to another host",
        _redirected("/v1/billing"),
        Expect(3, "", "http"),
        action=do.balance(),
        may_see=AS_OWNER,
    ),
    _case("evidence-without-end", "the evidence does not end", _pieces("/v1/attestation", _endless), _UNAVAILABLE),
    _case(
        "room-without-end",
        "the answer about the room does not end",
        _pieces("/v1/rooms/[^/]+/attest", _endless),
        Expect(1, "answer form", "bad_answer"),
        may_see=TO_READ_THE_ROOM,
    ),
    _case(
        "evidence-packed-to-explode",
        "the evidence unpacks to more than anybody wants",
        _packed("/v1/attestation", "gzip"),
        _UNAVAILABLE,
    ),
    _case(
        "evidence-packed-twice",
        "the evidence is packed in a way that was not asked for, to explode",
        _packed("/v1/attestation", "gzip,gzip"),
        _UNAVAILABLE,
    ),
    _case(
        "room-packed-twice",
        "the answer about the room is packed to explode",
        _packed("/v1/rooms/[^/]+/attest", "gzip,gzip"),
        Expect(1, "answer form", "bad_answer"),
        may_see=TO_READ_THE_ROOM,
    ),
    _case(
        "evidence-dripping",
        "the evidence comes byte by byte, slower than anybody waits",
        _pieces("/v1/attestation", _dripping),
        _UNAVAILABLE,
        setting=Setting(variables={"HIVEMIND_ATTESTATION_FETCH_TIMEOUT": "1"}),
    ),
)
