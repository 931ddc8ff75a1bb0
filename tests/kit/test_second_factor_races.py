"""Two sign-ins with one code at the same moment: one of them gets in."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.contrib.auth.models import User
from django.db import connection

from hivemind.kit.audit import Actor
from hivemind.kit.errors import DomainError
from hivemind.kit.services import second_factor
from tests.factories import operators

OLGA = Actor.operator("olga")
AT_ONCE = 4


def passed(user: User, text: str, barrier: Barrier) -> bool:
    barrier.wait()
    try:
        second_factor.check(user, text, actor=OLGA)
    except DomainError:
        return False
    finally:
        connection.close()
    return True


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["app", "recovery code"])
def test_a_code_lets_one_of_several_in(kind: str) -> None:
    user = operators.superuser()
    device, codes = operators.with_factor(user)
    text = operators.code(device) if kind == "app" else codes[0]
    barrier = Barrier(AT_ONCE)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = list(pool.map(lambda _: passed(user, text, barrier), range(AT_ONCE)))
    assert sorted(outcomes) == [False] * (AT_ONCE - 1) + [True]
