"""Answers to somebody else, and answers that somebody else signed."""

from attestation.canonical import ROOM_V1
from attestation.encoding import b64
from attestation.keys import SigningKey
from tests.conformance.case import Expect
from tests.conformance.cases.answers import ACCEPT, ASK, FORGED, SIGNATURE, Row, case, rejected
from tests.conformance.network import Asked, Reply
from tests.conformance.setting import DEVELOPMENT
from tests.conformance.world import World

_SIGNER = rejected("signer_key_differs", "run signer")
_ASKED_BEFORE = {"before": (ACCEPT, ASK)}


def _signed_by(key: SigningKey, record: Row) -> Row:
    body = record["body"] | {"signer_pubkey_b64": key.public_b64}
    return {"body": body, "signature_b64": b64(key.sign(ROOM_V1.encode(body))), "signer_pubkey_b64": key.public_b64}


def _forger_signs(world: World) -> None:
    world.forged.append(FORGED)
    world.service.output = FORGED
    world.service.change("record", lambda record: _signed_by(SigningKey.generate(), record))


def _forger_signs_in_the_machines_name(world: World) -> None:
    def change(record: Row) -> Row:
        mine = world.service.machine.signer.public_b64
        return _signed_by(SigningKey.generate(), record) | {"signer_pubkey_b64": mine}

    world.service.change("record", change)


def _another_name_inside(world: World) -> None:
    """The machine signs a record that names another signer in its text."""

    def change(record: Row) -> Row:
        body = record["body"] | {"signer_pubkey_b64": SigningKey.generate().public_b64}
        return record | {"body": body, "signature_b64": b64(world.service.machine.signer.sign(ROOM_V1.encode(body)))}

    world.service.change("record", change)


def _evidence_gone(world: World) -> None:
    """The evidence can be had once; afterwards a forger signs."""
    asked: list[Asked] = []

    def answer(request: Asked) -> Reply | None:
        asked.append(request)
        return Reply({"detail": "later"}, 503) if len(asked) > 1 else None

    world.routes.instead("GET", "/v1/attestation", answer)
    _forger_signs(world)


def _signer_changed_later(world: World) -> None:
    """The second evidence names a forger as signer, and he signs."""
    forger = SigningKey.generate()
    fetched = world.service.counts["claims"]

    def change(claims: Row) -> Row:
        later = world.service.counts["claims"] > fetched + 1
        return claims | {"run_signer_pubkey_b64": forger.public_b64} if later else claims

    world.service.change("claims", change)
    world.service.change("record", lambda record: _signed_by(forger, record))


def _replayed(world: World) -> None:
    """The answer to the same question, asked before."""
    earlier = next(iter(world.service.runs.values()))
    told = {name: earlier[name] for name in ("output", "attestation", "status", "error")}
    world.forged.append(earlier["output"])
    world.service.output = "a new answer"
    world.service.change("run", lambda row: row | told)


def _replayed_without_nonces(world: World) -> None:
    world.service.change("features", lambda features: [name for name in features if name != "client_nonce"])
    _replayed(world)


def _other_run(world: World) -> None:
    """The row of the earlier run as it is."""
    earlier = next(iter(world.service.runs.values()))
    shown = {name: value for name, value in earlier.items() if not name.startswith("_")}
    world.service.change("run", lambda row: shown)


def _other_run_at_once(world: World) -> None:
    other = {"run_id": "ffffffffffff", "room_id": world.manifest.room_id, "status": "pending"}
    world.routes.instead("POST", "/v1/rooms/[^/]+/runs", lambda asked: Reply(other))


REPLAYS = [
    case(
        "replayed",
        "the answer to the same question, given before",
        _replayed,
        rejected("run_id_differs"),
        **_ASKED_BEFORE,
    ),
    case(
        "replayed-without-nonces",
        "as before, and the service says that it knows no nonces",
        _replayed_without_nonces,
        rejected("run_id_differs"),
        **_ASKED_BEFORE,
    ),
    case("other-run-read", "another run's row is answered", _other_run, rejected("run_id_differs"), **_ASKED_BEFORE),
    case(
        "other-run-submitted",
        "the question becomes another run than the one submitted",
        _other_run_at_once,
        Expect(1, "answer form", "bad_answer"),
    ),
]
SIGNERS = [
    case("signed-by-another", "a forger signed the record", _forger_signs, _SIGNER),
    case(
        "signed-by-another-in-development",
        "a forger signed the record of a development service",
        _forger_signs,
        _SIGNER,
        setting=DEVELOPMENT,
    ),
    case(
        "signed-by-another-in-the-machines-name",
        "a forger signed and names the machine's key",
        _forger_signs_in_the_machines_name,
        SIGNATURE,
    ),
    case(
        "another-signer-inside",
        "the machine signed a statement that names another signer",
        _another_name_inside,
        rejected("body_signer_differs"),
    ),
    case(
        "evidence-gone-before-the-answer",
        "the evidence fails the second time, and a forger signs",
        _evidence_gone,
        _SIGNER,
        as_person=False,
    ),
    case(
        "signer-changed-after-the-evidence",
        "the second evidence names a forger, and he signs",
        _signer_changed_later,
        _SIGNER,
        as_person=False,
    ),
]
CASES = (*REPLAYS, *SIGNERS)
