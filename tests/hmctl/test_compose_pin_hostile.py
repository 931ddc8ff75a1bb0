"""What a service may answer instead of pins: nothing of it is taken over, nothing of it breaks the client."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from attestation.keys import derive_room_signing_key
from attestation.manifests.compose_pin import ComposePin, sign_pin
from attestation.tokens import OWNER, new_token
from hmctl import services
from hmctl.secret import Secret
from hmctl.trust import pin_keeping
from hmctl.trust.pinning import Holder
from hmctl.trust.pins import PinStore
from tests.hmctl.enclave import Enclave
from tests.hmctl.http_service import Answer, Reply
from tests.hmctl.lying_service import LyingService
from tests.hmctl.shell import Shell

TENANT, NOW = "t_0123456789ab", 1_800_000_000.0


@pytest.fixture
def holder() -> Holder:
    return Holder("alice", services.parse("https://rooms.example"), Secret(new_token(OWNER)))


@pytest.fixture
def store(tmp_path: Path) -> PinStore:
    (tmp_path / "home").mkdir()
    return PinStore(tmp_path / "home")


def signed(holder: Holder) -> dict[str, Any]:
    pin = ComposePin(TENANT, ("ab" * 32, "cd" * 32), "9f1e22aa0b3c", "dd" * 32, 1_700_000_000, 1_900_000_000)
    return sign_pin(pin, key=derive_room_signing_key(holder.key.reveal(), tenant_id=TENANT))


def row(envelope: object, **more: object) -> dict[str, object]:
    return {"pin_id": "284388bc459a", "envelope": envelope, "created_at": 1.0, "revoked_at": None} | more


def test_no_change_of_a_signed_pin_is_taken_over(holder: Holder, store: PinStore) -> None:
    text = json.dumps(signed(holder), sort_keys=True)
    draw = random.Random(20_260_101)
    tried = 0
    while tried < 400:
        at, byte = draw.randrange(len(text)), chr(draw.randrange(32, 127))
        changed = text[:at] + byte + text[at + 1 :]
        try:
            envelope = json.loads(changed)
        except ValueError:
            continue
        if envelope == json.loads(text) or not isinstance(envelope, dict):
            continue
        tried += 1
        compared = pin_keeping.compare(store, holder, [row(envelope)], now=NOW)
        assert (compared.added, len(compared.foreign)) == ((), 1), changed
    assert len(pin_keeping.compare(store, holder, [row(json.loads(text))], now=NOW).added) == 1


def test_members_that_are_left_out_or_added_void_a_pin(holder: Holder, store: PinStore) -> None:
    whole = signed(holder)
    for name in whole:
        fewer = {key: value for key, value in whole.items() if key != name}
        assert pin_keeping.compare(store, holder, [row(fewer)], now=NOW).added == ()
    assert pin_keeping.compare(store, holder, [row(whole | {"note": ""})], now=NOW).added == ()


def test_a_pin_of_another_tenant_of_the_same_key_is_not_mixed_in(holder: Holder, store: PinStore) -> None:
    pin_keeping.compare(store, holder, [row(signed(holder))], now=NOW)
    other = ComposePin("t_ffffffffffff", (), "", "", 1_950_000_000, 0)
    envelope = sign_pin(other, key=derive_room_signing_key(holder.key.reveal(), tenant_id="t_ffffffffffff"))

    assert pin_keeping.compare(store, holder, [row(envelope)], now=NOW).added == ()


def test_a_pin_that_is_revoked_or_expired_there_is_not_taken_over(holder: Holder, store: PinStore) -> None:
    assert pin_keeping.compare(store, holder, [row(signed(holder), revoked_at=5.0)], now=NOW).added == ()
    assert pin_keeping.compare(store, holder, [row(signed(holder))], now=1_900_000_001.0).added == ()


def test_a_revoked_pin_that_a_service_brings_back_yields_to_a_newer_one(holder: Holder, store: PinStore) -> None:
    """Alice took a build back on another machine; nobody signs revocations, so here only the newer pin tells."""
    key = derive_room_signing_key(holder.key.reveal(), tenant_id=TENANT)
    rows = [
        row(sign_pin(ComposePin(TENANT, (build,), "", "", at, 0), key=key)) for build, at in (("b0", 10), ("a0", 11))
    ]

    for told in (rows, rows[::-1]):
        pin_keeping.compare(store, holder, told, now=NOW)
        [kept] = holder.entry(store).in_force(NOW)
        assert kept.verified.pin.allowed_composes == ("a0",)


def _deep(levels: int) -> object:
    value: object = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    "answer",
    [
        {"pins": None},
        {"pins": [None, 3, "x", [], {}]},
        {"pins": [{"envelope": {"tenant_id": "\ud800", "signer_pubkey": 3}}]},
        {"pins": [{"envelope": {"tenant_id": "t" * 100_000}}]},
        {"pins": [{"envelope": {"tenant_id": "t_1", "issued_at": 1e308, "exp": -1, "deep": _deep(400)}}]},
        {"pins": [{"envelope": _deep(50), "pin_id": 7, "revoked_at": "never"}]},
        [],
        Reply(b"<html>", content_type="text/html"),
        Reply({"detail": "no"}, status=500),
        Reply({"detail": "no"}, status=403),
    ],
    ids=range(10),
)
def test_strange_lists_change_nothing(alice: Shell, service: LyingService, tmp_path: Path, answer: Answer) -> None:
    Enclave(service).equip(alice, tmp_path)
    alice.environment["HIVEMIND_TRUST_ALL"] = "1"
    service.answer("GET", "/v1/tenants/compose-pin/list", answer)

    assert alice("balance").code == 0
    listed = json.loads(alice("trust", "pin", "list", "--json").out)
    assert listed["pins"] == []
