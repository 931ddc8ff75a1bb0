"""A first room, played by two tenants: Alice owns a table, Bob gets a verified answer from it and nothing else.

What is made is kept in `var/demo` and used again the next time; the question is asked every time.
"""

import json
import os
import subprocess
import sys
import urllib.error
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hivemind.local import checkout, files, own_service
from hivemind.local.errors import LocalError

Say = Callable[[str], None]

ROWS = 10_000
QUESTION = "How many seconds were watched in each category?"
VAULT_TEXT = "House style: name categories as they stand in the table, and round nothing."
RULES = """# Watch history

Bob may learn totals and averages over groups of viewings. He may learn nothing about one viewer.

- max rows: 50
- minimum group size: 20 distinct viewer_email
- deny columns: viewer_email
"""
TABLE = "watch_history"
MAKE_TABLE = f"""
CREATE TABLE IF NOT EXISTS {TABLE} (
    id integer PRIMARY KEY,
    viewer_email text NOT NULL,
    title text NOT NULL,
    category text NOT NULL,
    watched_at timestamptz NOT NULL,
    seconds integer NOT NULL
)"""
FILL_TABLE = f"""
INSERT INTO {TABLE}
SELECT n,
       'viewer' || mod(n, 250) || '@example.com',
       'Episode ' || mod(n, 400),
       (ARRAY['cooking', 'football', 'history', 'music', 'science'])[1 + mod(n, 5)],
       timestamptz '2026-01-01 00:00:00+00' + n * interval '37 minutes',
       60 + mod(n * 7919, 3540)
FROM generate_series(1, {ROWS}) AS n
ON CONFLICT DO NOTHING"""  # noqa: S608 - constants above


@dataclass(frozen=True)
class Player:
    """One tenant of the demo: its key, and a client directory of its own."""

    name: str
    folder: Path
    url: str

    @property
    def key_file(self) -> Path:
        """Where its key is kept."""
        return self.folder / "api-key"

    def whoami(self) -> bool:
        """Return whether the key that was kept is still good for this service."""
        try:
            key = self.key_file.read_text(encoding="utf-8")
        except OSError:
            return False
        try:
            with own_service.call(f"{self.url}/v1/whoami", seconds=10, bearer=key):
                return True
        except urllib.error.HTTPError:
            return False

    def keep(self, key: str) -> None:
        """Keep the key for the next time, readable by this account alone."""
        files.write_private(self.key_file, key)

    def connect(self) -> None:
        """Give the client a profile for this address, unless it has one."""
        connected = self.folder / "service"
        if not connected.exists() or connected.read_text(encoding="utf-8") != self.url:
            self.hmctl("init", "--service", self.url, "--api-key-file", str(self.key_file), "--force")
            files.write_private(connected, self.url)

    def hmctl(self, *arguments: str) -> str:
        """Run one command of the client as this player. Raises LocalError with what it said."""
        client = {name: value for name, value in os.environ.items() if not name.startswith("HIVEMIND_")}
        done = subprocess.run(
            [sys.executable, "-m", "hmctl", *arguments],
            env={**client, "HIVEMIND_HOME": str(self.folder / "home")},
            cwd=checkout.ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise LocalError(f"hmctl {' '.join(arguments[:2])}: {_complaint(done)}")
        return done.stdout


def _complaint(done: subprocess.CompletedProcess[str]) -> str:
    """Return why the client failed: what it wrote for people, or the sentence in its JSON."""
    try:
        return str(json.loads(done.stdout)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return (done.stderr or done.stdout).strip() or f"exit status {done.returncode}"


def play(here: checkout.Checkout, *, say: Say) -> None:
    """Make what is missing, then let Bob ask. Raises LocalError."""
    folder = here.layout.state_dir / "demo"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    alice, bob = (Player(name, folder / name, here.url) for name in ("alice-media", "bob-research"))
    for player in (alice, bob):
        if not player.whoami():
            say(f"creating the tenant {player.name}")
            player.keep(str(_create_tenant(player.name)["api_key"]))
        player.connect()
    _fill(alice, say)
    link = _room(alice, bob, folder / "room.json", say)
    _ask(bob, link, say)


def _create_tenant(name: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "manage.py", "create_tenant", name, "--json"],
        cwd=checkout.ROOT,
        env=checkout.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise LocalError(f"the tenant {name} could not be created: {last_line(done.stderr)}")
    tenant: dict[str, Any] = json.loads(done.stdout)
    return tenant


def last_line(complaint: str) -> str:
    """Return the last line of what a management command wrote: its message, without the traceback above it."""
    return (complaint.strip().splitlines() or ["it said nothing"])[-1]


def _fill(alice: Player, say: Say) -> None:
    try:
        counted = json.loads(alice.hmctl("sql", f"SELECT count(*) AS n FROM {TABLE}", "--json"))  # noqa: S608
    except LocalError:  # there is no such table yet
        alice.hmctl("sql", MAKE_TABLE)
        counted = {"rows": [{"n": 0}]}
    if counted["rows"][0]["n"] != ROWS:
        say(f"alice-media fills {TABLE} with {ROWS:,} rows")
        alice.hmctl("sql", FILL_TABLE)


def _room(alice: Player, bob: Player, kept: Path, say: Say) -> str:
    """Return the link of a room whose rules Bob has verified and accepted; one that was kept, if it still works."""
    try:
        link = str(json.loads(kept.read_text(encoding="utf-8"))["link"])
        bob.hmctl("room", "accept", link)
    except (OSError, ValueError, KeyError, LocalError):
        say("alice-media makes a room from three bundled agents")
        made = _create_room(alice, kept.parent)
        link, room_id = str(made["link"]), str(made["room_id"])
        alice.hmctl("room", "add-data", room_id, VAULT_TEXT, "--meta", "source=house-style")
        files.write_private(kept, json.dumps({"room_id": room_id, "link": link}))
        for line in bob.hmctl("room", "inspect", link).splitlines():
            say(f"  {line}")
        bob.hmctl("room", "accept", link)
    say("bob-research has verified the room and accepted its rules")
    return link


def _create_room(alice: Player, folder: Path) -> dict[str, Any]:
    rules, examples = folder / "rules.md", checkout.ROOT / "agents" / "examples"
    rules.write_text(RULES, encoding="utf-8")
    told = alice.hmctl(
        *("room", "create", str(examples / "row-limit-scope"), "--name", "watch history"),
        *("--query-agent", str(examples / "aggregate-query")),
        *("--mediator-agent", str(examples / "redact-mediator")),
        *("--allowed-table", TABLE, "--no-llm", "--query-visibility", "inspectable"),
        *("--rules-file", str(rules), "--json"),
    )
    made: dict[str, Any] = json.loads(told)
    return made


def _ask(bob: Player, link: str, say: Say) -> None:
    say(f"bob-research asks: {QUESTION}")
    answer = json.loads(bob.hmctl("room", "ask", link, QUESTION, "--timeout", "120", "--json"))
    if not answer["attestation_ok"]:
        raise LocalError(f"the answer was not verified: {answer['attestation_reason']}")
    say(f"verified: {answer['attestation_reason']}")
    for line in str(answer["output"]).splitlines():
        say(f"  {line}")
