"""What the pin commands share: whose pins, and what became of telling the service."""

from dataclasses import dataclass

import click

from hmctl.app import App
from hmctl.client.transport import JsonObject
from hmctl.errors import BadInput, HmctlError
from hmctl.trust import pinning
from hmctl.trust.pinning import Holder
from hmctl.trust.pins import KeptPin, PinnedKey


@dataclass(frozen=True)
class Found:
    """A pin and the entry it is in."""

    kept: KeptPin
    entry: PinnedKey


def holder(app: App) -> Holder:
    """The active profile with its owner key (ProfileProblem, BadInput for another kind of key)."""
    found = Holder(app.profile_name, app.profile.service, app.require_key())
    if not found.has_pins:
        raise BadInput(
            f"profile {app.profile_name!r} holds no owner key (hmk_…), and only an owner has compose pins",
            hint="Choose an owner's profile with --profile NAME before the command.",
        )
    return found


def find(app: App, whose: Holder, pin_id: str) -> Found | None:
    """The pin of that id on this machine, among those of earlier keys of the profile too."""
    for entry in pinning.entries_for(app.pins.store, whose):
        kept = entry.find(pin_id)
        if kept is not None:
            return Found(kept, entry)
    return None


def problem_json(problem: HmctlError | None) -> JsonObject | None:
    """The error object as it would stand alone, None without a problem."""
    return None if problem is None else {"code": problem.code, "message": problem.message, "hint": problem.hint}


def leave(app: App, problem: HmctlError | None, *, as_json: bool, undone: str) -> None:
    """Says what could not be done and exits with its code; returns when there was no problem."""
    if problem is None:
        return
    if not as_json:
        app.terminal.warn(f"{undone}: {problem.message}")
        if problem.hint:
            app.terminal.say(f"hint: {problem.hint}")
    raise click.exceptions.Exit(problem.exit_code)
