"""What a copy of the whole control database tells: nothing of the vault, no bearer and no key."""

import base64
import logging
from collections.abc import Iterator

import pytest
from django.db import connection

from rooms.services import opening
from tenants.services import seals
from tests.factories import rooms
from tests.factories.rooms import MadeRoom, post
from tests.factories.tenants import Person, client

TEXT, KEY, VALUE, SOURCE = "canary-text-7f3a", "canary-key-91bd", "canary-value-5e2c", "canary-source-0d4f"


def _cells() -> Iterator[tuple[str, bytes]]:
    """Every value of every table, as bytes."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            names = [column.name for column in cursor.description or ()]
            for row in cursor.fetchall():
                for name, value in zip(names, row, strict=True):
                    raw = bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
                    yield f"{table}.{name}", raw


def _spellings(secret: bytes) -> set[bytes]:
    """The secret as it is, in hexadecimal and in both alphabets of base64, at every alignment."""
    found = {secret, secret.hex().encode(), secret.hex().upper().encode()}
    for shift in range(3):
        padded = secret[shift : len(secret) - (len(secret) - shift) % 3]
        found |= {base64.b64encode(padded), base64.urlsafe_b64encode(padded)}
    return found


@pytest.fixture
def lived_in(alice: Person) -> MadeRoom:
    """A room that everything was done with."""
    scope = rooms.agent(alice, sealed=True, source=SOURCE.encode())
    made = rooms.room(alice, scope_agent_id=scope.pk)
    post(alice.client, f"{made.url}/data", {"text": TEXT, "metadata": {KEY: VALUE}})
    post(alice.client, f"{made.url}/trust", {"mode": "pinned", "allowed_composes": ["aa"]})
    post(made.bob, f"{made.url}/open")
    return made


def test_a_dump_holds_neither_content_nor_bearers_nor_keys(alice: Person, lived_in: MadeRoom) -> None:
    share = lived_in.share()
    secrets = {
        "text": TEXT.encode(),
        "metadata key": KEY.encode(),
        "metadata value": VALUE.encode(),
        "source": SOURCE.encode(),
        "owner key": alice.api_key.encode(),
        "invite": lived_in.invite.encode(),
        "share token": share.encode(),
        "room key": opening.open_room_key(alice.owner, lived_in.row),
        "root key": seals.open_root(alice.owner),
        "signing seed": seals.signing_key(alice.owner).seed,
    }
    cells = list(_cells())
    assert any(lived_in.room_id.encode() in raw for _, raw in cells)
    for name, secret in secrets.items():
        spellings = _spellings(secret)
        assert [(name, where) for where, raw in cells if any(each in raw for each in spellings)] == []


def test_logs_and_errors_hold_no_content(alice: Person, lived_in: MadeRoom, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    answers = [
        post(alice.client, f"{lived_in.url}/data", {"text": TEXT, "metadata": VALUE}),
        post(alice.client, f"{lived_in.url}/data", {"text": TEXT * 1_000_000}),
        post(alice.client, f"{lived_in.url}/data", {"text": TEXT, KEY: VALUE}),
        post(client(lived_in.invite), f"{lived_in.url}/data", {"text": TEXT}),
    ]
    assert [answer.status_code for answer in answers] == [422, 400, 422, 403]
    told = " ".join(answer.content.decode() for answer in answers) + caplog.text.replace("\n", " ")
    assert TEXT not in told and VALUE not in told and lived_in.invite not in told


def test_values_that_carry_secrets_do_not_print_them(alice: Person, lived_in: MadeRoom) -> None:
    owner, guest = alice.owner, lived_in.guest
    for value in (owner, guest, lived_in.row, lived_in):
        assert alice.api_key not in repr(value) and lived_in.invite not in repr(value)
