"""A tenant's database with a room's reader, made from the template that is closed to readers."""

import os
from collections.abc import Iterator

import pytest
from django.db import connection as control

from runner.sqlguard.session import RoomSession
from tenants.databases import template
from tests.runner.sqlguard import places
from tests.tenants.databases.conftest import as_superuser


@pytest.fixture(scope="session")
def place(django_db_setup: None) -> Iterator[places.Place]:
    """One database for all tests that only read it."""
    if not os.environ.get("HIVEMIND_TEST_DATABASE_URL"):
        template.build(as_superuser, service_role=control.settings_dict["USER"])
    with places.made() as made:
        yield made


@pytest.fixture
def room_session(place: places.Place) -> Iterator[RoomSession]:
    """A session as the room's reader, with the usual limits."""
    session = places.session_of(place)
    yield session
    session.close()
