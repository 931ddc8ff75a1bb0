"""The pages under docs/reference say what the code says, and the documentation site needs no other host."""

import re
from dataclasses import fields
from typing import Any

import pytest
from django.test import Client

from hivemind.reference.meanings import MEANINGS
from hivemind.reference.pages import stale
from hivemind.settings.env import GROUPS


def test_no_page_is_out_of_date() -> None:
    assert [path.name for path in stale()] == [], "run manage.py reference_docs"


def test_every_setting_has_a_meaning_and_no_meaning_lacks_its_setting() -> None:
    names = {declared.metadata["name"] for group in GROUPS.values() for declared in fields(group)}
    assert set(MEANINGS) == names


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_the_api_browser_loads_everything_from_this_service(path: str, settings: Any) -> None:
    settings.WHITENOISE_USE_FINDERS = True
    page = Client().get(path)
    assert page.status_code == 200
    assets = re.findall(r'(?:src|href)="([^"]+)"', page.content.decode())
    local = [address for address in assets if address.startswith("/static/")]
    assert len(local) >= 1
    elsewhere = [a for a in assets if a not in local and not a.startswith(("#", "data:", "/"))]
    assert elsewhere == []
    assert [address for address in local if Client().get(address).status_code != 200] == []


@pytest.mark.parametrize("path", ["/v1/openapi.json", "/openapi.json"])
def test_the_description_is_served_to_anybody(path: str) -> None:
    answer = Client().get(path)
    assert answer.status_code == 200
    assert answer.json()["info"]["title"] == "Hivemind"
