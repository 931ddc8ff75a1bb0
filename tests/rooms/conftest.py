"""The cast of the rooms: Alice owns and has a database, Carol is a stranger."""

import pytest

from tenants.databases import session
from tests.factories import rooms, tenants
from tests.factories.rooms import MadeRoom
from tests.factories.tenants import Person


@pytest.fixture
def alice(db: None) -> Person:
    """An owner with a database of her own."""
    return tenants.with_database(tenants.alice())


@pytest.fixture
def carol(db: None) -> Person:
    """An owner who has nothing to do with Alice's rooms, and no database."""
    return tenants.carol()


@pytest.fixture
def sales(alice: Person) -> str:
    """A table in Alice's database."""
    with session.owner_connection(alice.tenant) as connection:
        connection.execute("CREATE TABLE sales (id int, amount numeric)")
    return "sales"


@pytest.fixture
def room(alice: Person) -> MadeRoom:
    """A room of Alice's whose guests bring their own query agent."""
    return rooms.room(alice, name="pilot", rules="totals only")
