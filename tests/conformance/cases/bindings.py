"""Lies about whom the quote speaks for: another request, another connection, other keys, other claims."""

import dataclasses
import json
import secrets
from collections.abc import Callable
from typing import Any

from attestation.evidence import report_data
from attestation.keys import SigningKey
from tests.conformance import actions as do
from tests.conformance import certificates
from tests.conformance.case import Case, Expect
from tests.conformance.network import Asked, Reply
from tests.conformance.setting import ALLOW_DEGRADED, DEVELOPMENT, HARDWARE, LOOPBACK, Setting
from tests.conformance.world import World

_ASK = do.ask(by="link")
_OTHER_REQUEST = Expect(4, "report data", "report_data_differs")
_OLD = Expect(4, "nonce", "nonce_not_bound")
_CLAIM = Expect(4, "claims", "claim_differs")
_UNAVAILABLE = Expect(4, "attestation bundle", "evidence_unavailable")
_MALFORMED = Expect(4, "attestation bundle", "bundle_malformed")


def _case(name: str, lie: str, tell: Callable[[World], object], expect: Expect, *, setting: Setting = HARDWARE) -> Case:
    return Case(name=f"binding/{name}", lie=lie, tell=tell, action=_ASK, expect=expect, setting=setting)


def _bound(**changes: Any) -> Callable[[World], None]:
    return lambda world: world.service.change("binding", lambda binding: dataclasses.replace(binding, **changes))


def _claims(**changes: Any) -> Callable[[World], None]:
    return lambda world: world.service.change("claims", lambda claims: claims | changes)


def _claimed(change: Callable[[dict[str, Any]], object]) -> Callable[[World], None]:
    def changed(claims: dict[str, Any]) -> dict[str, Any]:
        edited: dict[str, Any] = json.loads(json.dumps(claims))
        change(edited)
        return edited

    return lambda world: world.service.change("claims", changed)


def _data(make: Callable[[World], bytes]) -> Callable[[World], None]:
    return lambda world: world.service.change("report data", lambda _: make(world))


def _replayed(world: World) -> None:
    """The whole honest answer to a request that somebody made before."""
    kept = world.service.bundle(secrets.token_bytes(32))
    world.service.change("evidence", lambda _: kept)


def _ignoring(world: World) -> None:
    kept = world.service.bundle(None)
    world.service.change("evidence", lambda _: kept)


def _other_signer(world: World) -> None:
    """The keys of records and of claims are swapped; the quote still names the machine's own."""
    forger = SigningKey.generate()
    _claims(run_signer_pubkey_b64=forger.public_b64)(world)
    world.service.change("record", lambda record: record | {"signer_pubkey_b64": forger.public_b64})


def _other_certificate(world: World) -> None:
    """A relay: the evidence is the real machine's, the connection ends at somebody else."""
    mine = world.service.certificate
    assert mine is not None
    world.service.change("binding", lambda binding: dataclasses.replace(binding, tls_cert_sha256=mine.sha256))
    tls = {"enabled": True, "cert_fingerprint_sha256_hex": mine.sha256.hex(), "cert_pem": mine.pem, "pinning_url": ""}
    _claims(tls=tls)(world)
    world.service.certificate = certificates.enclave(world.setting.host)


def _relayed_with_pinning_url(world: World) -> None:
    """As before, and the answer names another address where the right certificate is shown."""
    _other_certificate(world)
    _claimed(lambda claims: claims["tls"].update(pinning_url=world.stranger_url))(world)


def _v2(world: World) -> bytes:
    certificate = world.service.certificate
    return report_data.build_v2(
        world.service.machine.version, cert_sha256=certificate.sha256 if certificate else bytes(32)
    )


def _v1(world: World) -> bytes:
    return report_data.build_v1(world.service.machine.version)


def _answers(reply: Reply) -> Callable[[World], None]:
    def answer(_: Asked) -> Reply:
        return reply

    return lambda world: world.routes.instead("GET", "/v1/attestation", answer)


def _evidence(change: Callable[[dict[str, Any]], Any]) -> Callable[[World], None]:
    return lambda world: world.service.change("evidence", change)


REQUEST = [
    _case("other-nonce", "the quote answers another nonce", _bound(nonce=secrets.token_bytes(32)), _OTHER_REQUEST),
    _case("zero-nonce", "the quote answers a nonce of zeros", _bound(nonce=bytes(32)), _OTHER_REQUEST),
    _case("replayed", "an honest answer to an earlier request is sent again", _replayed, _OTHER_REQUEST),
    _case("nonce-ignored", "the evidence of the start is sent, which answers no nonce", _ignoring, _OLD),
    _case("version-2", "the quote binds the certificate but no nonce", _data(_v2), _OLD),
    _case("version-1", "the quote binds the version only", _data(_v1), _OLD),
    _case(
        "version-1-with-degraded-allowed",
        "the quote binds the version only, and no authority vouches for the certificate",
        _data(_v1),
        Expect(4, "tls channel", "certificate_not_trusted"),
        setting=Setting(switches=frozenset({ALLOW_DEGRADED})),
    ),
    _case(
        "version-4",
        "the report data are of a version that nobody knows",
        lambda world: world.service.change("quote", lambda quote: world.service.machine.quote(_with(quote, 32, 4))),
        Expect(4, "report data", "report_data_unknown"),
    ),
    _case(
        "more-report-data",
        "the report data hold more than they should",
        lambda world: world.service.change("quote", lambda quote: world.service.machine.quote(_with(quote, 63, 1))),
        Expect(4, "report data", "report_data_unknown"),
    ),
]
KEYS = [
    _case("other-run-signer-bound", "the quote names another run signer", _bound(run_signer=bytes(32)), _OTHER_REQUEST),
    _case("run-signer-swapped", "the answer names another run signer than the quote", _other_signer, _OTHER_REQUEST),
    _case("run-signer-left-out", "the answer names no run signer", _claims(run_signer_pubkey_b64=""), _MALFORMED),
    _case("run-signer-not-a-key", "the run signer is not a key", _claims(run_signer_pubkey_b64="AAAA"), _MALFORMED),
    _case(
        "key-swapped",
        "one of the service's other keys is another one",
        _claimed(lambda claims: claims["keyset"].update(handoff="A" * 43 + "=")),
        _OTHER_REQUEST,
    ),
    _case(
        "key-added",
        "a key is added to the service's keys",
        _claimed(lambda claims: claims["keyset"].update(more="A" * 43 + "=")),
        _OTHER_REQUEST,
    ),
    _case("keys-left-out", "the service's other keys are left out", _claims(keyset={}), _OTHER_REQUEST),
]
CHANNEL = [
    _case(
        "other-certificate", "the connection ends at somebody else than the machine", _other_certificate, _OTHER_REQUEST
    ),
    _case(
        "other-certificate-and-a-better-address",
        "the connection ends at somebody else, who names an address where all would be well",
        _relayed_with_pinning_url,
        _OTHER_REQUEST,
    ),
    _case(
        "other-certificate-on-loopback",
        "the connection ends at another program on this machine",
        _other_certificate,
        _OTHER_REQUEST,
        setting=Setting(host=LOOPBACK),
    ),
    _case(
        "other-certificate-with-degraded-allowed",
        "the connection ends at somebody else: no flag lifts a check that failed",
        _other_certificate,
        _OTHER_REQUEST,
        setting=Setting(switches=frozenset({ALLOW_DEGRADED})),
    ),
    _case(
        "certificate-not-bound",
        "the quote says that TLS ends outside the machine",
        _bound(tls_cert_sha256=None),
        _OTHER_REQUEST,
    ),
    _case(
        "tls-outside-the-machine",
        "TLS ends in front of the machine, and the quote says so",
        lambda world: None,
        Expect(4, "report data", "channel_not_bound"),
        setting=Setting(certificate="public"),
    ),
]
CLAIMS = [
    _case(
        "claims-version-1",
        "the answer claims version 1 for a quote of version 3",
        _claims(report_data_version=1),
        _CLAIM,
    ),
    _case(
        "claims-version-2",
        "the answer claims version 2 for a quote of version 3",
        _claims(report_data_version=2),
        _CLAIM,
    ),
    _case("claims-other-build", "the answer claims another build", _claims(compose_hash="ab" * 32), _CLAIM),
    _case("claims-other-app", "the answer claims another application", _claims(app_id="ab" * 20), _CLAIM),
    _case("claims-other-instance", "the answer claims another instance", _claims(instance_id="ab" * 20), _CLAIM),
    *[
        _case(
            f"claims-other-{register}",
            f"the answer claims another value of {register}",
            _claimed(lambda claims, name=register: claims["measurements"].update({name: "ab" * 48})),
            _CLAIM,
        )
        for register in ("mrtd", "rtmr0", "rtmr1", "rtmr2", "rtmr3")
    ],
    _case(
        "claims-other-version", "the answer claims another version", _claims(hivemind_version="9.9.9"), _OTHER_REQUEST
    ),
    _case(
        "development-claims-other-build",
        "a development service claims another build than it measured",
        _claims(compose_hash="ab" * 32),
        _CLAIM,
        setting=DEVELOPMENT,
    ),
]
FORMS = [
    _case("quote-not-hex", "the quote is not hex", _claims(tdx_quote_hex="zz"), _MALFORMED),
    _case("quote-missing", "there is no quote", _claims(tdx_quote_hex=""), _MALFORMED),
    _case(
        "attestation-missing",
        "ready, and nothing else",
        _evidence(lambda w: {"ready": True, "booted_at": 1.0}),
        _MALFORMED,
    ),
    _case("ready-is-a-text", "ready is the text false", _evidence(lambda w: w | {"ready": "false"}), _MALFORMED),
    _case("a-list", "the answer is a list", _answers(Reply([])), _UNAVAILABLE),
    _case("not-json", "the answer is a web page", _answers(Reply(b"<html>", content_type="text/html")), _UNAVAILABLE),
    _case("server-error", "the answer is an error", _answers(Reply({"detail": "later"}, 503)), _UNAVAILABLE),
    _case("not-found", "there is no such answer", _answers(Reply({"detail": "Not Found"}, 404)), _UNAVAILABLE),
]
CASES = (*REQUEST, *KEYS, *CHANNEL, *CLAIMS, *FORMS)


def _with(quote: bytes, place: int, value: int) -> bytes:
    data = bytearray(quote[568:632])
    data[place] = value
    return bytes(data)
