"""Accounts to play with."""

import pytest

from billing.models import Account
from billing.services import ledger
from hivemind.kit.audit import Actor

OLGA = Actor.operator("olga")


@pytest.fixture
def account(db: None) -> Account:
    """Bob's account, empty."""
    return ledger.open_account("t_00000000000b", name="bob", actor=OLGA)
