"""Evidence that is genuine but for one thing is refused by name, with and without tolerance, and hears no secret."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from attestation.encoding import b64
from attestation.evidence.development.authority import development_authority
from attestation.evidence.development.statements import MachineState
from attestation.evidence.platform import TcbStatus
from attestation.keys import SigningKey
from tests.hmctl import enclave as enclaves
from tests.hmctl.enclave import Enclave
from tests.hmctl.far_away import refused
from tests.hmctl.http_service import Reply
from tests.hmctl.secured import SecuredService
from tests.hmctl.shell import Shell

Answer = dict[str, Any]
Lie = Callable[[Answer], Answer]
FLAGS: tuple[list[str], ...] = (
    [],
    ["--allow-degraded-attestation"],
    ["-y", "--dangerously-accept-development-evidence"],
)


def _claim(**changes: Any) -> Lie:
    return lambda answer: answer | {"attestation": answer["attestation"] | changes}


def _flip(position: int) -> Lie:
    def lie(answer: Answer) -> Answer:
        quote = bytearray.fromhex(answer["attestation"]["tdx_quote_hex"])
        quote[position] ^= 1
        return _claim(tdx_quote_hex=quote.hex())(answer)

    return lie


def _event_log(answer: Answer) -> Answer:
    log = answer["attestation"]["event_log_json"]
    return _claim(event_log_json=log.replace(("b1" * 32), ("b7" * 32)))(answer)


def _tls_elsewhere(answer: Answer) -> Answer:
    return _claim(tls={"enabled": False, "cert_fingerprint_sha256_hex": "", "cert_pem": "", "pinning_url": ""})(answer)


LIES: dict[str, tuple[Lie, str]] = {
    "a bit of the signed report": (_flip(600), "quote_forged"),
    "a bit of the nonce's digest": (_flip(570), "quote_forged"),
    "a bit of the certificate chain": (_flip(-10), "quote_malformed|chain_invalid"),
    "half of the quote": (_claim(tdx_quote_hex="04" * 400), "quote_malformed"),
    "no quote": (_claim(tdx_quote_hex=""), "bundle_malformed"),
    "another key for signing runs": (
        _claim(run_signer_pubkey_b64=SigningKey.from_seed(b"e" * 32).public_b64),
        "report_data_differs",
    ),
    "no key for signing runs": (_claim(run_signer_pubkey_b64=""), "bundle_malformed"),
    "another key beside the signer": (_claim(keyset={"handoff": b64(b"k" * 32)}), "report_data_differs"),
    "another version of the software": (_claim(hivemind_version="9.9.9"), "report_data_differs"),
    "another build than the quote's": (_claim(compose_hash="e1" * 32), "claim_differs"),
    "another app than the log's": (_claim(app_id="e1" * 20), "claim_differs"),
    "other measurements": (_claim(measurements={"mrtd": "00" * 48}), "claim_differs"),
    "an earlier version of report data": (_claim(report_data_version=1), "claim_differs"),
    "an edited event log": (_event_log, "event_log_differs|event_log_malformed"),
    "TLS that ends elsewhere": (_tls_elsewhere, "channel_not_bound|report_data_differs"),
    "no evidence at all": (lambda _: {"ready": True}, "bundle_malformed"),
}


@pytest.mark.parametrize("flags", FLAGS, ids=["strict", "degraded", "development"])
@pytest.mark.parametrize("name", LIES)
def test_a_lie_beside_genuine_evidence(
    name: str, flags: list[str], remote: Shell, secured: SecuredService, enclave: Enclave
) -> None:
    enclave.change, codes = LIES[name]

    code, check = refused(remote(*flags, "room", "list", "--json"), secured)

    assert code in codes.split("|")
    assert check
    assert not (remote.home / "trust.json").exists()


@pytest.mark.parametrize("flags", FLAGS, ids=["strict", "degraded", "development"])
def test_evidence_made_for_somebody_elses_nonce(
    flags: list[str], remote: Shell, secured: SecuredService, enclave: Enclave
) -> None:
    made = enclave.answer(type("Other", (), {"query": {"nonce": "ab" * 32}})())
    secured.answer("GET", "/v1/attestation", made)

    assert refused(remote(*flags, "room", "list", "--json"), secured) == ("report_data_differs", "report data")


@pytest.mark.parametrize("flags", FLAGS, ids=["strict", "degraded", "development"])
def test_a_machine_in_debug_mode(flags: list[str], remote: Shell, secured: SecuredService, enclave: Enclave) -> None:
    enclave.debug = True

    assert refused(remote(*flags, "room", "list", "--json"), secured) == ("debug_machine", "debug mode")


@pytest.mark.parametrize("flags", FLAGS, ids=["strict", "degraded", "development"])
def test_evidence_under_a_root_of_its_own_sold_as_hardware(
    flags: list[str], remote: Shell, secured: SecuredService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enclaves, "authority", lambda: development_authority(b"x" * 32))

    assert refused(remote(*flags, "room", "list", "--json"), secured)[0] == "chain_invalid"


@pytest.mark.parametrize(
    ("status", "code"), [(TcbStatus.OUT_OF_DATE, "tcb_status_refused"), (TcbStatus.SW_HARDENING_NEEDED, None)]
)
def test_old_firmware(
    status: TcbStatus, code: str | None, remote: Shell, secured: SecuredService, enclave: Enclave, tmp_path: Any
) -> None:
    enclave.state = MachineState(tcb_status=status.value, advisory_ids=("INTEL-SA-00001",))
    enclave.equip(remote, tmp_path)

    assert refused(remote("-y", "room", "list", "--json"), secured) == ("tcb_status_refused", "tcb status")
    if code is None:
        demanded = {"version": 1, "tcb": {"allowed_statuses": ["UpToDate", status.value]}}
        (remote.home / "trust-policy.json").write_text(json.dumps(demanded))
        assert remote("-y", "room", "list").code == 0


ODD: dict[str, tuple[Reply, str]] = {
    "a redirect": (Reply({}, 307, {"Location": "https://elsewhere.example/v1/attestation"}), "not followed"),
    "too much": (Reply(b"[" + b" " * 9_000_000 + b"]"), "larger than"),
    "nesting without end": (Reply(b"[" * 100_000), "not with plain JSON"),
    "an error": (Reply({"detail": "broken"}, 500), "500"),
    "a list": (Reply([]), "another shape"),
    "nothing": (Reply(b""), "not with plain JSON"),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_answers_are_no_evidence(name: str, remote: Shell, secured: SecuredService) -> None:
    reply, words = ODD[name]
    secured.answer("GET", "/v1/attestation", reply)

    for flags in FLAGS:
        shown = remote(*flags, "room", "list", "--json")
        assert refused(shown, secured) == ("evidence_unavailable", "attestation bundle")
        assert words in json.loads(shown.out)["error"]["message"]


def test_a_busy_service_is_asked_again_with_another_nonce(
    remote: Shell, secured: SecuredService, enclave: Enclave
) -> None:
    busy = iter([Reply({"detail": "busy"}, 503, {"Retry-After": "2"})])
    secured.answer("GET", "/v1/attestation", lambda asked: next(busy, None) or enclave.answer(asked))

    assert remote("-y", "room", "list").code == 0
    nonces = [asked.query["nonce"] for asked in secured.requests("GET", "/v1/attestation")]
    assert len(set(nonces)) == 2
    assert remote.clock.slept == [2.0]


def test_local_development_evidence_is_held_to_every_check(
    remote: Shell, secured: SecuredService, enclave: Enclave
) -> None:
    enclave.kind = "development"
    remote.profile("alice", service=secured.url, key=secured.alice)
    shown = remote("room", "list")
    assert shown.code == 0 and "!! DEVELOPMENT: " in shown.err

    for name, (lie, codes) in LIES.items():
        enclave.change = lie
        secured.asked.clear()
        code, _ = refused(remote("room", "list", "--json"), secured)
        assert code in codes.split("|"), name


@pytest.mark.parametrize(
    "member",
    [
        None,
        [],
        {},
        {"label": "x", "root_ca_der_b64": "AAAA", "collateral": {}},
        {"label": "x", "root_ca_der_b64": "no", "collateral": 3},
    ],
)
def test_a_damaged_development_member(member: object, remote: Shell, secured: SecuredService, enclave: Enclave) -> None:
    enclave.change = lambda answer: answer | {"development": member}
    remote.profile("alice", service=secured.url, key=secured.alice)

    assert refused(remote("room", "list", "--json"), secured) == ("bundle_malformed", "attestation bundle")
