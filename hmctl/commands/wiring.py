"""How a click callback becomes `run(app, options)`."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

import click

from hmctl import exits
from hmctl.app import App
from hmctl.launch import Launch

P = ParamSpec("P")


def with_app(
    codes: exits.Codes = exits.ROOM,
) -> Callable[[Callable[Concatenate[App, P], None]], Callable[P, None]]:
    """Gives the callback the session of this command as its first argument and closes it afterwards."""

    def decorate(callback: Callable[Concatenate[App, P], None]) -> Callable[P, None]:
        @wraps(callback)
        def called(*args: P.args, **kwargs: P.kwargs) -> None:
            launch = click.get_current_context().obj
            with App.of(launch if isinstance(launch, Launch) else Launch(), codes=codes) as app:
                callback(app, *args, **kwargs)

        return called

    return decorate


json_option = click.option("--json", "as_json", is_flag=True, help="Print a JSON document on stdout.")
yes_option = click.option("-y", "--yes", is_flag=True, help="Do not ask.")


def confirm(app: App, question: str, *, yes: bool) -> None:
    """Asks before something that cannot be undone, unless -y stands here or before the command (Declined)."""
    if not (yes or app.settings.assume_yes):
        app.terminal.confirm(question, otherwise="Repeat with -y to do it without being asked.")
