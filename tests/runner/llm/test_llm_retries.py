"""When a failed call is sent again."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from runner.llm.errors import UpstreamError
from runner.llm.retries import RetryPolicy, parse_retry_after

POLICY = RetryPolicy(attempts=4, base_seconds=1.0, cap_seconds=3.0, jitter=lambda: 1.0)
BUSY = UpstreamError("upstream_busy", retryable=True)


def test_waits_double_up_to_the_cap_and_end():
    assert [POLICY.wait_seconds(n, error=BUSY) for n in (1, 2, 3, 4)] == [1.0, 2.0, 3.0, None]


def test_jitter_shortens_a_wait_by_half_at_most():
    assert RetryPolicy(base_seconds=1.0, jitter=lambda: 0.0).wait_seconds(1, error=BUSY) == 0.5


def test_what_cannot_pass_is_not_tried_again():
    assert POLICY.wait_seconds(1, error=UpstreamError("upstream_rejected")) is None


@pytest.mark.parametrize(("asked", "wait"), [(0.0, 0.0), (30.0, 30.0), (31.0, None)])
def test_the_wait_that_the_service_asks_for_is_kept_or_the_call_fails(asked, wait):
    error = UpstreamError("upstream_busy", retryable=True, retry_after=asked)
    assert POLICY.wait_seconds(1, error=error) == wait


NOW = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("5", 5.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        ("Thu, 01 Jan 2026 12:00:10 GMT", 10.0),
        ("Thu, 01 Jan 2026 11:00:00 GMT", 0.0),
        ("nan", None),
        ("inf", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_the_header_is_read_in_both_its_forms(header, seconds):
    assert parse_retry_after(header, now=NOW) == seconds
