"""The client starts fast and drags nothing of the server along."""

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest

from hmctl._version import __version__
from hmctl.cli import COMMANDS, root
from hmctl.commands.admin import group as admin
from hmctl.commands.admin.billing import group as billing
from hmctl.commands.admin.credit_codes import group as credit_codes
from hmctl.commands.admin.runs import group as runs
from hmctl.commands.admin.tenants import group as tenants
from hmctl.commands.agents import group as agents
from hmctl.commands.profile import group as profile
from hmctl.commands.receipt import group as receipt
from hmctl.commands.room import group as room
from hmctl.commands.spend_tokens import group as spend_tokens
from hmctl.commands.trust import group as trust

ROOT = Path(__file__).resolve().parents[2]
GROUPS = {
    "": root,
    "admin": admin.group,
    "admin billing": billing.group,
    "admin credit-codes": credit_codes.group,
    "admin runs": runs.group,
    "admin tenants": tenants.group,
    "agents": agents.group,
    "profile": profile.group,
    "receipt": receipt.group,
    "room": room.group,
    "spend-tokens": spend_tokens.group,
    "trust": trust.group,
}


def _modules(*arguments: str) -> set[str]:
    program = (
        "import sys, json, contextlib, io\n"
        "from hmctl.cli import root\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n"
        "    try: root.main(sys.argv[1:])\n"
        "    except SystemExit: pass\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["room", "--help"], ["admin", "billing", "--help"]])
def test_version_and_help_load_little(arguments: list[str]) -> None:
    loaded = _modules(*arguments)

    heavy = {"httpx", "rich", "cryptography", "yaml", "ssl", "asyncio", "importlib.metadata", "attestation"}
    assert not heavy & loaded
    assert len(loaded) <= 250


def test_a_command_loads_no_server_code() -> None:
    loaded = _modules("room", "ask", "--help")

    assert not {"django", "rest_framework", "celery", "docker", "psycopg", "redis", "hivemind", "rooms"} & loaded


def test_version_prints_the_name_it_was_called_by() -> None:
    for name in ("hmctl", "hivemind"):
        program = f"import sys; sys.argv = ['{name}', '--version']; from hmctl.cli import main; main()"
        done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (0, f"{name}, version {__version__}\n")


@pytest.mark.parametrize("name", GROUPS)
def test_every_listed_command_exists_and_explains_itself(name: str) -> None:
    group = GROUPS[name]
    context = click.Context(root, info_name="hmctl")
    for verb in group.table:
        command = group.get_command(context, verb)
        assert command is not None and command.name in (verb, "group"), verb
        assert command.help and (isinstance(command, click.Group) or "Example" in command.help), verb


def test_the_command_list_is_the_published_one_and_more() -> None:
    published = {
        "admin": {"tenants", "credit-codes", "billing", "sweep"},
        "admin billing": {"accounts", "balance", "ledger", "grant", "prices", "set-price"},
        "admin credit-codes": {"create", "list", "revoke"},
        "admin tenants": {"create", "list", "delete", "rename", "migrate-roles", "reset-key"},
        "agents": {"list", "get", "delete"},
        "profile": {"list", "show", "use", "rename", "delete"},
        "room": {
            "create", "inspect", "accept", "ask", "add-data", "data", "trust", "list", "runs", "revoke", "prune",
        },
        "trust": {"show", "attest", "reset"},
    }  # fmt: skip
    alone = {"init", "signup", "balance", "redeem-credit", "rotate-key", "doctor", "sql", "whoami"}
    assert alone <= set(COMMANDS)
    for name, verbs in published.items():
        assert verbs <= set(GROUPS[name].table)


def test_a_group_alone_shows_its_help_and_exits_2() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hmctl", "room"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 2
    assert done.stdout == ""
    assert "Make rooms, read their terms, ask them." in done.stderr
