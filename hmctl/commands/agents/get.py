"""`hmctl agents get`."""

import click

from hmctl import ids
from hmctl.app import App
from hmctl.client import wire
from hmctl.client.transport import JsonObject
from hmctl.client.v1 import V1
from hmctl.commands.wiring import json_option, with_app
from hmctl.errors import BadAnswer, BadInput, HttpFailed
from hmctl.render import columns, units

_SHOWN = (
    *("agent_id", "name", "description", "agent_type", "inspection_mode", "harness", "image", "entrypoint"),
    *("memory_mb", "max_llm_calls", "max_tokens", "timeout_seconds"),
)


@click.command("get")
@click.argument("agent_id")
@json_option
@with_app()
def command(app: App, agent_id: str, as_json: bool) -> None:
    """Show one agent with its stored files.

    \b
    Example:
      hmctl agents get 9f1e22aa0b3c
    """
    run(app, agent_id=agent_id, as_json=as_json)


def run(app: App, *, agent_id: str, as_json: bool) -> None:
    """Prints the agent (BadInput when it is not there)."""
    ids.checked(agent_id, what="agent")
    owner = app.owner()
    agent = fetch(owner, agent_id)
    files = _files(owner, agent_id)
    if as_json:
        app.terminal.document(dict(agent) | {"files": files})
        return
    facts = [(name, str(agent[name])) for name in _SHOWN if agent.get(name) not in (None, "")]
    app.terminal.data(columns.labelled(facts))
    if files:
        app.terminal.data(columns.table(("FILE", "SIZE", ""), [file_row(item) for item in files]))


def fetch(client: V1, agent_id: str) -> JsonObject:
    """One agent (BadInput when the service does not know it, BadAnswer when it answers with another one)."""
    try:
        agent = client.agent(agent_id)
    except HttpFailed as problem:
        if problem.status == 404:
            raise BadInput(f"there is no agent {agent_id}", hint="`hmctl agents list` shows yours.") from None
        raise
    if wire.text(agent, "agent_id") != agent_id:
        raise BadAnswer("the service answered with another agent than the one asked for")
    return agent


def file_row(item: JsonObject) -> tuple[str, ...]:
    """One stored file as a table row."""
    private = "private" if item.get("attestable") is False else ""
    return (wire.text(item, "path"), units.size(wire.whole(item, "size_bytes") or 0), private)


def _files(client: V1, agent_id: str) -> list[JsonObject]:
    try:
        return wire.objects(client.agent_files(agent_id), "files")
    except HttpFailed:
        return []
