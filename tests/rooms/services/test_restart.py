"""No process remembers a room: one that has just started opens it for those who present a bearer, and for them only."""

import json
import subprocess
import sys

import pytest
from django.db import connection

from tests.factories import rooms, tenants
from tests.factories.rooms import post

FRESH_PROCESS = """
import json, sys
from django.conf import settings
asked = json.load(sys.stdin)
settings.DATABASES["default"]["NAME"] = asked["database"]
import django
django.setup()
from django.test import Client
for method, url, bearer in asked["requests"]:
    by = Client(headers={"Authorization": "Bearer " + bearer}, raise_request_exception=False)
    answer = by.generic(method, url)
    print(json.dumps([answer.status_code, answer.json()]))
"""


def _in_a_fresh_process(*requests: tuple[str, str, str]) -> list[tuple[int, dict[str, object]]]:
    asked = {"database": connection.settings_dict["NAME"], "requests": requests}
    done = subprocess.run(
        [sys.executable, "-c", FRESH_PROCESS], input=json.dumps(asked), capture_output=True, text=True, check=True
    )
    return [(status, body) for status, body in map(json.loads, done.stdout.splitlines())]


@pytest.mark.django_db(transaction=True)
def test_a_process_that_has_just_started_opens_a_room_for_its_bearers_only() -> None:
    alice, carol = tenants.with_database(tenants.alice()), tenants.carol()
    room = rooms.room(alice)
    post(alice.client, f"{room.url}/data", {"text": "kept"})
    share = room.share()
    answers = _in_a_fresh_process(
        ("GET", f"{room.url}/data", alice.api_key),
        ("POST", f"{room.url}/open", room.invite),
        ("POST", f"{room.url}/open", share),
        ("POST", f"{room.url}/open", carol.api_key),
        ("GET", f"{room.url}/attest", room.invite),
    )
    assert [status for status, _ in answers] == [200, 200, 200, 404, 200]
    items = answers[0][1]["items"]
    assert isinstance(items, list) and items[0]["text"] == "kept"
    assert answers[1][1]["open"] is answers[2][1]["open"] is True
