"""Killing whoever moves money, before each statement in turn: the process, or only its connection to the database."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

from django.db import OperationalError, connection, connections, transaction

SECONDS = 10.0
Act = Callable[[], object]


def processes(act: Act) -> Iterator[int]:
    """Let a process of its own do the act and be killed before its n-th statement; yields n after each kill.

    Ends when the act was done: the last process was killed after that, before it could tell anybody.
    """
    survived, n = False, 0
    while not survived:
        n += 1
        connections.close_all()
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            _die_at(n, act, writing)
        os.close(writing)
        _, status = os.waitpid(child, 0)
        with os.fdopen(reading) as pipe:
            told = pipe.read()
        assert os.WIFSIGNALED(status), told
        survived = told == "done"
        _until_alone()
        if not survived:
            yield n


def connections_of(act: Act) -> Iterator[int]:
    """The same with the connection cut, which the act sees as an error, before its n-th statement."""
    survived, n = False, 0
    while not survived:
        n += 1
        try:
            with connection.execute_wrapper(_at(n, _cut)):
                act()
            survived = True
        except OperationalError:
            connection.close()
        _until_alone()
        if not survived:
            yield n


def _die_at(n: int, act: Act, told: int) -> None:
    """In the child: do the act, and never come back."""
    try:
        with connection.execute_wrapper(_at(n, lambda: os.kill(os.getpid(), signal.SIGKILL))):
            act()
        os.write(told, b"done")
        os.kill(os.getpid(), signal.SIGKILL)
    except BaseException as error:
        os.write(told, repr(error).encode())
    finally:
        os._exit(1)


def _at(n: int, deed: Callable[[], object]) -> Any:
    seen = 0

    def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal seen
        seen += 1
        if seen == n:
            deed()
        return execute(sql, params, many, context)

    return count


def _cut() -> None:
    assert connection.connection is not None
    mine = connection.connection.info.backend_pid
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [mine])
    other.close()


def _until_alone() -> None:
    """Wait until the server has noticed that the killed one is gone, and has rolled its work back."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND backend_type = 'client backend'"
            )
            if cursor.fetchone() == (0,):
                return
        time.sleep(0.002)
    raise AssertionError("the killed one's connection is still there")
