"""Alice with her account, and Olga with a configured admin key."""

from collections.abc import Iterator

import pytest
from django.test import Client

from hivemind.kit import conf
from tests.factories import operator, tenants
from tests.factories.tenants import Person


@pytest.fixture
def alice(db: None) -> Person:
    """An owner whose account is empty."""
    return tenants.alice()


@pytest.fixture
def olga(db: None) -> Iterator[Client]:
    """The operator of a service that knows her key."""
    with conf.override("service", admin_key=operator.ADMIN_KEY):
        yield operator.olga()
