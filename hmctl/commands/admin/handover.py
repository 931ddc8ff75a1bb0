"""A tenant's new key on its way from the operator to the tenant: shown once, or written to a private file."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from hmctl import files
from hmctl.client import wire
from hmctl.client.transport import JsonObject
from hmctl.commands.admin.operating import Operating
from hmctl.errors import BadInput, HmctlError
from hmctl.render import columns

_PROFILE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

key_file_option = click.option(
    "--key-file", type=click.Path(path_type=Path), help="Write the new key to this private file and print it nowhere."
)


@dataclass(frozen=True)
class Handover:
    """Where the key goes and under which profile name the tenant will keep it."""

    key_file: Path | None
    profile_name: str
    as_json: bool


def check(handover: Handover) -> None:
    """Finds out before there is a key whether its file can be written (BadInput)."""
    if handover.key_file is None:
        return
    if handover.key_file.exists():
        raise BadInput(f"{handover.key_file} exists already")
    files.check_can_replace(handover.key_file)


def hand_over(op: Operating, answer: JsonObject, handover: Handover) -> None:
    """Prints or writes the key of a tenant answer, with the command that saves it at the tenant's."""
    key = wire.required(answer, "api_key")
    if handover.key_file is not None:
        _write(op, handover.key_file, key)
        answer = {name: value for name, value in answer.items() if name != "api_key"}
        answer["key_file"] = str(handover.key_file)
    name = _profile_name(answer, handover)
    saving = f"hmctl --profile {name} init --service {shlex.quote(op.service.url)}"
    if handover.as_json:
        given = f"--api-key-file {shlex.quote(str(handover.key_file))}"
        piped = f"printf %s {shlex.quote(key)} | {saving} --api-key -"
        command = piped if handover.key_file is None else f"{saving} {given}"
        op.terminal.document(answer | {"tenant_setup_command": command})
        return
    facts = [("Tenant", f"{wire.text(answer, 'tenant_id')} ({wire.text(answer, 'name')})")]
    facts.append(("Database", wire.text(answer, "db_name") or "-"))
    for label, member in (("Seals cleared", "seal_rows_deleted"), ("Links revoked", "capabilities_revoked")):
        if member in answer:
            facts.append((label, str(wire.whole(answer, member) or 0)))
    facts.append(("Key", str(handover.key_file) if handover.key_file else key))
    op.terminal.data(columns.labelled(facts))
    if handover.key_file is None:
        op.terminal.warn("this key is shown once; hand it over on a way that others cannot read")
    op.terminal.say(f"the tenant saves it with: {saving} --api-key -")


def _profile_name(answer: JsonObject, handover: Handover) -> str:
    for name in (handover.profile_name, wire.text(answer, "name"), wire.text(answer, "tenant_id")):
        if _PROFILE.fullmatch(name):
            return name
    return "tenant"


def _write(op: Operating, path: Path, key: str) -> None:
    try:
        files.replace(path, key + "\n")
    except HmctlError as problem:
        op.terminal.data(key)
        raise BadInput(
            f"the key was made but not written: {problem.message}", hint="It was printed; keep it."
        ) from None
