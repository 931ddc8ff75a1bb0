"""`hmctl rotate-key`."""

from dataclasses import dataclass, replace

import click

from hmctl import exits
from hmctl.app import App
from hmctl.client import wire
from hmctl.client.transport import JsonObject
from hmctl.client.v1 import V1
from hmctl.commands.wiring import confirm, json_option, with_app, yes_option
from hmctl.errors import BadInput, HmctlError, TransportFailed
from hmctl.render import columns
from hmctl.secret import Secret
from hmctl.trust import pin_keeping
from hmctl.trust.pinning import Holder
from hmctl.trust.pins import KeptPin


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    yes: bool
    reveal: bool
    as_json: bool


@click.command("rotate-key")
@yes_option
@click.option("--reveal", is_flag=True, help="Print the new key in clear.")
@json_option
@with_app(exits.OWNER)
def command(app: App, yes: bool, reveal: bool, as_json: bool) -> None:
    """Replace the profile's owner key by a new one. The old key dies at once; the new one is saved in the profile.

    Compose pins in force are signed anew with the new key.

    With --json the new key is printed.

    \b
    Example:
      hmctl rotate-key
    """
    run(app, Options(yes, reveal, as_json))


def run(app: App, options: Options) -> None:
    """Makes sure the profile can be written, asks, rotates, saves (Declined, HttpFailed, BadInput)."""
    profile = app.profile
    old_key = app.require_key()
    question = f"Replace the key of profile {profile.name!r} at {profile.service.url}? The old key dies at once."
    confirm(app, question, yes=options.yes)
    owner = app.owner()
    path = app.profiles.save(profile)  # finds out now whether the new key could be kept
    answer = _rotated(owner)
    key_text = wire.required(answer, "api_key")
    try:
        new = Holder(profile.name, profile.service, Secret(key_text, what="the new key"))
        pins = pin_keeping.resign(app.pins.store, replace(new, key=old_key), new, now=app.clock.now())
        app.profiles.save(replace(profile, api_key=new.key))
    except HmctlError as problem:
        app.terminal.data(key_text)
        raise BadInput(
            f"the key was replaced but not saved: {problem.message}",
            hint="The new key was printed; keep it now.",
        ) from None
    _register(app, new, pins)
    if options.as_json:
        app.terminal.document(answer)
        return
    facts = [("Tenant", wire.text(answer, "tenant_id") or "-"), ("Profile", str(path))]
    facts.append(("New key", key_text if options.reveal else "saved in the profile (--reveal prints it)"))
    app.terminal.data(columns.labelled(facts))
    app.terminal.success("the old key is dead; other machines need the new one")


def _rotated(owner: V1) -> JsonObject:
    try:
        return owner.rotate_key()
    except TransportFailed as problem:
        problem.hint = (
            "The key may have been replaced all the same; `hmctl whoami` shows whether the old one still works. "
            "If it does not, ask the operator to reset the key."
        )
        raise


def _register(app: App, new: Holder, pins: tuple[KeptPin, ...]) -> None:
    """Hands the pins signed with the new key to the service; on this machine they are in force in any case."""
    for kept in pins:
        try:
            app.caller(new.service, new.key).compose_pins.register(kept.envelope)
        except HmctlError as problem:
            app.terminal.warn(f"compose pin {kept.pin_id} is in force here, but the service did not get it: {problem}")
            continue
        pin_keeping.mark(app.pins.store, new.entry(app.pins.store), kept.pin_id, registered=True)
        app.terminal.say(f"compose pin {kept.pin_id} was signed with the new key")
