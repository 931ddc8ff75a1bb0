"""Accounts to play with."""

from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from billing.models import Account
from billing.services import bookkeeping
from tests.billing import full_books
from tests.billing.full_books import OLGA, Books

__all__ = ["OLGA"]


@pytest.fixture
def account(db: None) -> Account:
    """Bob's account, empty."""
    return bookkeeping.open_account("t_00000000000b", name="bob", actor=OLGA)


@pytest.fixture(scope="module")
def lasting_books(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Books]:
    """Books in which everything has happened, filled once for all tests of a module."""
    with django_db_blocker.unblock(), full_books.undone():
        yield full_books.filled()


@pytest.fixture
def books(lasting_books: Books, django_db_blocker: DjangoDbBlocker) -> Iterator[Books]:
    """The same, with whatever one test does to them undone."""
    with django_db_blocker.unblock(), full_books.undone():
        full_books.run("SET CONSTRAINTS ALL DEFERRED")  # which a test before may have changed for the transaction
        yield lasting_books
