"""The embedded Redis keeps its queue through a kill and is reachable by socket only."""

import signal

import psycopg
import pytest
import redis

from hivemind.local import processes
from hivemind.local.errors import LocalError
from hivemind.local.paths import Layout, database_url, redis_url
from hivemind.local.postgres import Postgres
from hivemind.local.redis import Redis


def client(place: Layout) -> redis.Redis:
    return redis.Redis.from_url(redis_url(place.state_dir))


def test_the_queue_outlives_a_stop_and_a_kill(place: Layout) -> None:
    server = Redis(place)
    assert server.ensure()
    assert not server.ensure()
    client(place).rpush("runs", "one", "two")
    assert server.stop()
    assert not server.running()
    server.ensure()
    assert client(place).lrange("runs", 0, -1) == [b"one", b"two"]
    client(place).rpush("runs", "three")
    processes.send(processes.running("redis-server", within=place.redis_home), signal.SIGKILL)
    assert processes.wait_until(lambda: not server.alive(), seconds=10)
    assert place.redis_socket.exists(), "a killed server leaves its socket behind"
    assert server.ensure()
    assert client(place).lrange("runs", 0, -1) == [b"one", b"two", b"three"]


def test_its_stop_takes_nothing_away_from_the_database_beside_it(place: Layout) -> None:
    queue, database = Redis(place, durable=False), Postgres(place, durable=False)
    queue.ensure()
    database.ensure()
    queue.stop()
    with psycopg.connect(database_url(place.state_dir), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000)")
        connection.execute("DROP TABLE kept")
    assert database.stop()
    assert not place.socket_dir.exists()


def test_a_cut_off_last_write_does_not_keep_it_from_starting(place: Layout) -> None:
    server = Redis(place)
    server.ensure()
    client(place).set("a", "b")
    server.stop()
    with (place.redis_home / "appendonly.aof").open("ab") as journal:
        journal.write(b"*3\r\n$3\r\nSET\r\n$1\r\nc\r\n$5\r\nhal")
    assert server.ensure()
    assert client(place).get("a") == b"b"


def test_nothing_listens_on_the_network(place: Layout) -> None:
    Redis(place, durable=False).ensure()
    assert client(place).config_get("port") == {"port": "0"}
    assert client(place).config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    assert place.socket_dir.stat().st_mode & 0o077 == 0


def test_a_socket_folder_of_a_stranger_is_refused(place: Layout) -> None:
    place.socket_dir.symlink_to("/tmp")
    try:
        with pytest.raises(LocalError, match="belongs to somebody else"):
            Redis(place, durable=False).ensure()
    finally:
        place.socket_dir.unlink()
