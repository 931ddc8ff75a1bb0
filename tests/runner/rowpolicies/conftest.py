"""Databases with row policies in force, made once for all tests that only read."""

import os
from collections.abc import Iterator

import pytest
from django.db import connection as control

from runner.rowpolicies.reader import PolicyReader
from runner.scopefn.fullread import FullRead
from runner.tools.sql import SqlTool
from tenants.databases import template
from tests.runner.rowpolicies import places
from tests.tenants.databases.conftest import as_superuser


@pytest.fixture(scope="session")
def prepared(django_db_setup: None, django_db_blocker) -> Iterator[None]:
    """The server is closed to readers; these tests use no row of the control database."""
    if not os.environ.get("HIVEMIND_TEST_DATABASE_URL"):
        template.build(as_superuser, service_role=control.settings_dict["USER"])
    yield


@pytest.fixture(scope="session")
def filled(prepared: None) -> Iterator[places.Home]:
    """The database with hidden rows."""
    with places.filled() as made:
        yield made


@pytest.fixture(scope="session")
def twin(prepared: None) -> Iterator[places.Home]:
    """The database without."""
    with places.twin() as made:
        yield made


@pytest.fixture(scope="session")
def policy_reader(filled: places.Home) -> Iterator[PolicyReader]:
    """Row policies in force for the whole session."""
    with places.in_force(filled) as reader:
        yield reader


@pytest.fixture(scope="session")
def seeing(policy_reader: PolicyReader) -> Iterator[SqlTool]:
    """The tool of a query stage under the policies. No scope function stands behind them."""
    tool = SqlTool(policy_reader.connect, allowed_tables=policy_reader.tables, view=FullRead(), schema="")
    yield tool
    tool.close()


@pytest.fixture(scope="session")
def knowing(twin: places.Home) -> Iterator[SqlTool]:
    """The same tool over the twin."""
    tool = SqlTool(
        places.connect_factory(twin), allowed_tables=("sales", "teams", "Mixed Case"), view=FullRead(), schema=""
    )
    yield tool
    tool.close()
