"""Counting in a real Redis: exact, from many threads at once, and soon over when Redis is gone."""

import itertools
import threading
import time
import uuid

import pytest
import redis
from django.conf import settings
from django.test import override_settings

from hivemind.kit import windows
from hivemind.settings.rates import Rate, parse_rate

NOBODY_LISTENS = "redis://127.0.0.1:9/0"


@pytest.fixture
def subject() -> str:
    return uuid.uuid4().hex


def key_of(subject: str) -> tuple[redis.Redis, str]:
    return redis.Redis.from_url(settings.REDIS_URL), windows.PREFIX + subject


def age(subject: str, seconds: float) -> None:
    """Make everything that was counted so much older."""
    client, key = key_of(subject)
    moments = [int(moment) - int(seconds * 1_000_000) for moment in client.lrange(key, 0, -1)]
    client.delete(key)
    client.rpush(key, *moments)


def test_what_is_beyond_the_rate_waits_until_the_oldest_is_a_period_old(subject: str) -> None:
    rate = Rate(2, 60)
    assert [windows.take(subject, rate) for _ in range(2)] == [0.0, 0.0]
    assert 59 < windows.take(subject, rate) <= 60
    age(subject, 45)
    assert 14 < windows.take(subject, rate) <= 15
    age(subject, 15)
    assert windows.take(subject, rate) == 0.0


def test_what_was_not_let_through_does_not_lengthen_the_wait(subject: str) -> None:
    rate = Rate(1, 60)
    windows.take(subject, rate)
    age(subject, 30)
    waits = [windows.take(subject, rate) for _ in range(20)]
    assert all(29 < wait <= 30 for wait in waits)


def test_no_period_has_more_than_the_rate_wherever_it_begins(subject: str) -> None:
    rate = Rate(3, 60)
    windows.take(subject, rate)
    age(subject, 59)
    assert [windows.take(subject, rate) for _ in range(2)] == [0.0, 0.0]
    age(subject, 1.5)
    assert windows.take(subject, rate) == 0.0
    assert 57 < windows.take(subject, rate) <= 59


def test_subjects_do_not_share_a_count(subject: str) -> None:
    rate = Rate(1, 60)
    assert windows.take(subject, rate) == windows.take(f"{subject}2", rate) == 0.0


def test_a_rate_that_was_lowered_or_raised_holds_at_once(subject: str) -> None:
    for _ in range(5):
        windows.take(subject, Rate(5, 60))
    assert windows.take(subject, Rate(3, 60)) > 0
    assert windows.take(subject, Rate(6, 60)) == 0.0


def test_many_threads_are_let_through_no_more_often_than_the_rate(subject: str) -> None:
    rate, passed, start = Rate(25, 60), itertools.count(), threading.Barrier(20)

    def attempt() -> None:
        start.wait()
        for _ in range(10):
            if windows.take(subject, rate) == 0.0:
                next(passed)

    threads = [threading.Thread(target=attempt) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert next(passed) == 25
    client, key = key_of(subject)
    assert client.llen(key) == 25


def test_redis_forgets_a_subject_that_stayed_away(subject: str) -> None:
    windows.take(subject, Rate(5, 60))
    client, key = key_of(subject)
    assert 0 < client.ttl(key) <= 60


def test_a_connection_that_died_with_an_earlier_redis_is_replaced(subject: str) -> None:
    windows.take(subject, Rate(5, 60))
    client, _ = key_of(subject)
    client.client_kill_filter(skipme=True, _type="normal")
    assert windows.take(subject, Rate(5, 60)) == 0.0


def test_without_redis_nobody_waits_long(subject: str) -> None:
    started = time.monotonic()
    with override_settings(REDIS_URL=NOBODY_LISTENS), pytest.raises(windows.CounterUnavailable) as refusal:
        windows.take(subject, Rate(5, 60))
    assert time.monotonic() - started < 2
    assert "127.0.0.1" not in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "rate"), [("5/hour", Rate(5, 3600)), ("1/second", Rate(1, 1)), ("10000/day", Rate(10_000, 86_400))]
)
def test_a_rate_is_read_as_it_is_written(text: str, rate: Rate) -> None:
    assert parse_rate(text) == rate


@pytest.mark.parametrize(
    "text", ["0/hour", "5/fortnight", "5", "/hour", "-1/hour", "5/h", "10001/day", "\u0665/hour", "5/hour\n"]
)
def test_what_is_not_a_rate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="5/hour"):
        parse_rate(text)
