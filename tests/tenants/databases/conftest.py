"""Tenants on a server that a superuser has prepared."""

import os
from pathlib import Path

import psycopg
import pytest
from django.db import connection as control

from hivemind.local.paths import database_url
from hivemind.local.postgres import SUPERUSER
from tenants.databases import provision, template
from tests.factories.tenants import Person, person


def as_superuser(dbname: str) -> psycopg.Connection:
    """Enter a database of the embedded server as its superuser."""
    state = Path(os.environ["HIVEMIND_STATE_DIR"])
    return psycopg.connect(database_url(state, name=dbname, user=SUPERUSER), autocommit=True)


@pytest.fixture(scope="session")
def prepared_server(django_db_setup) -> None:
    """The template exists. On a server of the developer's own the service's role must be a superuser."""
    if not os.environ.get("HIVEMIND_TEST_DATABASE_URL"):
        template.build(as_superuser, service_role=control.settings_dict["USER"])


@pytest.fixture
def closed(db: None, prepared_server: None) -> Person:
    """A tenant whose database was made from the template."""
    someone = person("erin")
    provision.create(someone.tenant.id)
    yield someone
    provision.drop(someone.tenant.id)
