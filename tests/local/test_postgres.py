"""The embedded Postgres survives what can happen to it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from hivemind.local import account, processes
from hivemind.local.errors import LocalError
from hivemind.local.paths import Layout, database_url
from hivemind.local.postgres import Postgres


def connect(place: Layout) -> psycopg.Connection:
    return psycopg.connect(database_url(place.state_dir), autocommit=True)


def pids(place: Layout) -> list[int]:
    return processes.running("postgres", within=place.postgres_data)


def kill_everything(place: Layout) -> None:
    processes.send(pids(place), signal.SIGKILL)
    assert processes.wait_until(lambda: not pids(place), seconds=10)


def test_committed_rows_outlive_a_kill_of_every_process(place: Layout) -> None:
    server = Postgres(place)
    assert server.ensure()
    with connect(place) as connection:
        connection.execute("CREATE TABLE kept (n int)")
        connection.execute("INSERT INTO kept SELECT generate_series(1, 1000)")
    kill_everything(place)
    assert not server.running()
    assert server.ensure()
    with connect(place) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (1000,)
    assert server.stop()
    assert not server.stop()


def test_only_its_main_process_killed_it_starts_again_while_a_client_is_busy(place: Layout) -> None:
    server = Postgres(place, durable=False)
    server.ensure()
    main = int((place.postgres_data / "postmaster.pid").read_text().split()[0])
    busy = connect(place)
    os.kill(main, signal.SIGKILL)
    assert processes.wait_until(lambda: not server.alive(), seconds=10)
    assert server.ensure()
    with connect(place) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    with pytest.raises(psycopg.OperationalError):
        busy.execute("SELECT 1")


def test_a_pid_file_that_names_a_stranger_is_not_believed(place: Layout) -> None:
    server = Postgres(place, durable=False)
    server.ensure()
    kill_everything(place)
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        pid_file = place.postgres_data / "postmaster.pid"
        lines = pid_file.read_text().splitlines()
        pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        assert not server.running()
        assert server.ensure()
        server.stop()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_first_start_that_was_cut_off_is_made_anew(place: Layout) -> None:
    (place.postgres_home / "partial" / "base").mkdir(parents=True)
    (place.postgres_home / "partial" / "PG_VERSION").write_text("18\n")
    assert Postgres(place, durable=False).ensure()
    assert not (place.postgres_home / "partial").exists()


START_ONE = """
import sys
from hivemind.local.paths import layout
from hivemind.local.postgres import Postgres
sys.stdout.write(str(Postgres(layout(sys.argv[1]), durable=False).ensure()))
"""


def test_many_at_once_start_one_server(place: Layout) -> None:
    line = [sys.executable, "-c", START_ONE, str(place.state_dir)]
    started = [subprocess.Popen(line, stdout=subprocess.PIPE) for _ in range(3)]
    assert sorted(one.communicate()[0] for one in started) == [b"False", b"False", b"True"]


def test_nobody_else_gets_in_and_nothing_listens_on_the_network(place: Layout) -> None:
    Postgres(place, durable=False).ensure()
    assert place.socket_dir.stat().st_mode & 0o077 == 0
    with psycopg.connect(database_url(place.state_dir, name="postgres", user="postgres")) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        rows = connection.execute("SELECT auth_method FROM pg_hba_file_rules").fetchall()
        assert rows == [("peer",), ("scram-sha-256",)]


def test_the_service_is_no_superuser_and_its_database_is_closed_to_other_roles(place: Layout) -> None:
    Postgres(place, durable=False).ensure()
    with connect(place) as connection:
        assert connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone() == (False,)
        connection.execute("CREATE ROLE carol LOGIN PASSWORD 'right'")
    for database in ("hivemind", "postgres"):
        with pytest.raises(psycopg.OperationalError, match="CONNECT privilege"):
            psycopg.connect(database_url(place.state_dir, name=database, user="carol"), password="right")


def test_the_role_of_a_tenant_needs_its_password_even_from_our_own_account(place: Layout) -> None:
    Postgres(place, durable=False).ensure()
    with connect(place) as connection:
        connection.execute("CREATE ROLE carol LOGIN PASSWORD 'right'")
        connection.execute("GRANT CONNECT ON DATABASE hivemind TO carol")
    address = database_url(place.state_dir, user="carol")
    for password in ("", "wrong"):
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(address, password=password)
    psycopg.connect(address, password="right").close()


def test_statements_and_values_stay_out_of_the_log(place: Layout) -> None:
    Postgres(place, durable=False).ensure()
    with connect(place) as connection, pytest.raises(psycopg.Error):
        connection.execute("SELECT 'a private word'::int")
    time.sleep(0.2)
    assert "private" not in (place.log_dir / "postgres.log").read_text()


def test_data_of_another_major_version_is_refused_with_a_remedy(place: Layout) -> None:
    server = Postgres(place, durable=False)
    server.ensure()
    server.stop()
    (place.postgres_data / "PG_VERSION").write_text("15\n")
    with pytest.raises(LocalError, match=r"made by Postgres 15.*pg_dump"):
        server.ensure()


def test_it_never_runs_as_root(place: Layout) -> None:
    Postgres(place, durable=False).ensure()
    main = (place.postgres_data / "postmaster.pid").read_text().split()[0]
    status = Path(f"/proc/{main}/status").read_text()
    uids = next(line for line in status.splitlines() if line.startswith("Uid:")).split()[1:]
    assert set(uids) == {str(account.of_services().uid)}
    assert "0" not in uids
