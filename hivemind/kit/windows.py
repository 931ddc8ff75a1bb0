"""Counting in Redis how often something happened lately, exactly, however many processes count at once.

For every subject a list holds the moments of what was let through, newest last and never more of them than the rate
allows. Something more is let through once the oldest of them is as old as the rate's period; so in no period, wherever
it begins, are there more than the rate says. One script does it in one step, by the clock of Redis.
"""

from functools import lru_cache
from typing import Final

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from hivemind.kit.errors import Unavailable
from hivemind.settings.rates import Rate

CALL_SECONDS: Final = 1.0
PREFIX: Final = "hivemind:window:"
_TAKE: Final = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local count, period = tonumber(ARGV[1]), tonumber(ARGV[2]) * 1000000
local oldest = redis.call('LINDEX', KEYS[1], -count)
if oldest and tonumber(oldest) + period > now then
  return tonumber(oldest) + period - now
end
redis.call('RPUSH', KEYS[1], string.format('%.0f', now))
redis.call('LTRIM', KEYS[1], -count, -1)
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 0
"""


class CounterUnavailable(Unavailable):
    """Redis does not answer, so that nobody can say how often this happened lately."""

    code = "counter_unavailable"
    sentence = "The service cannot count requests at the moment; try again shortly"


def take(subject: str, rate: Rate) -> float:
    """Count one more for `subject`, unless the rate is used up: then how many seconds until there is room again.

    0.0 means that it was counted; what was not counted does not lengthen the wait. Raises CounterUnavailable.
    """
    try:
        micros: int = _script(settings.REDIS_URL)(keys=[PREFIX + subject], args=[rate.count, rate.seconds])
    except redis.RedisError as error:
        raise CounterUnavailable from error
    return micros / 1_000_000


@lru_cache(maxsize=2)
def _script(url: str) -> redis.commands.core.Script:
    """The script on a pool of connections, which survives a fork."""
    client = redis.Redis.from_url(
        url,
        socket_timeout=CALL_SECONDS,
        socket_connect_timeout=CALL_SECONDS,
        retry=Retry(NoBackoff(), 1),  # once: a connection of the pool may have died with an earlier Redis
    )
    return client.register_script(_TAKE)
