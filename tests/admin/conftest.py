"""Olga operates and may do everything; Vera only looks on."""

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from hivemind.kit.admin import remembered
from tests.admin import rows
from tests.factories import tenants
from tests.factories.rooms import MadeRoom
from tests.factories.tenants import Person


def _logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def olga(db: None) -> Client:
    """An operator with every permission."""
    return _logged_in(User.objects.create_superuser("olga", password="a password of hers"))


@pytest.fixture
def vera(db: None) -> Client:
    """Staff who may view everything and change nothing."""
    user = User.objects.create_user("vera", password="a password of hers", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    return _logged_in(user)


@pytest.fixture
def alice(db: None) -> Person:
    """A tenant, without its database."""
    return tenants.alice()


@pytest.fixture
def everything(db: None) -> tuple[Person, MadeRoom]:
    """One row of every kind, with canaries."""
    return rows.everything()


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    """No answer of an earlier test counts."""
    remembered.forget_all()
