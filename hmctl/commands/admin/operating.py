"""What the operator's commands share: whose key goes to which service, and how a new secret is handed over."""

from collections.abc import Callable
from functools import cached_property, update_wrapper
from typing import Any, Concatenate, ParamSpec

import click

from hmctl import exits, services
from hmctl.app import App
from hmctl.client.operator import Operator
from hmctl.commands import wiring
from hmctl.commands.wiring import with_app
from hmctl.errors import BadUsage, ForeignService, TrustRefused
from hmctl.io import Terminal
from hmctl.profiles import Profile
from hmctl.secret import Secret
from hmctl.services import Service

P = ParamSpec("P")


class Operating:
    """One operator's command: the terminal, the service, and its calls behind the trust gate."""

    def __init__(self, app: App, *, service: Service, key: Secret) -> None:
        self.app = app
        self.service = service
        self._key = key

    @property
    def terminal(self) -> Terminal:
        """Where the command speaks."""
        return self.app.terminal

    @cached_property
    def calls(self) -> Operator:
        """The operator's calls. The key leaves only over https or to this machine, and only to an admitted service."""
        open_way = self.service.scheme != "https" and not self.service.is_loopback
        if open_way and not self.app.settings.skip_attestations:
            raise TrustRefused(
                f"{self.service.url} is remote and not https: the operator's key could be read on the way",
                hint="Use its https address.",
            )
        return self.app.caller(self.service, self._key).operator

    def confirm(self, question: str, *, yes: bool) -> None:
        """Asks before something that cannot be undone, naming the service (Declined)."""
        wiring.confirm(self.app, f"{question} ({self.service.url})", yes=yes)


_service_option = click.option(
    "--service", "service_text", default="", metavar="URL", help="The service; that of the profile if left out."
)
_key_option = click.option(
    "--admin-key",
    "key_text",
    default="",
    metavar="KEY",
    help="The operator's key; - asks for it or reads stdin. (HIVEMIND_ADMIN_KEY)",
)


def with_operator(callback: Callable[Concatenate[Operating, P], None]) -> Callable[..., None]:
    """Gives the callback an Operating as its first argument and the command the options that choose it."""

    def called(app: App, /, *args: Any, service_text: str, key_text: str, **kwargs: Any) -> None:
        callback(choose(app, service_text=service_text, key_text=key_text), *args, **kwargs)

    update_wrapper(called, callback)
    return _service_option(_key_option(with_app(exits.OWNER)(called)))


def choose(app: App, *, service_text: str, key_text: str) -> Operating:
    """Key: option, environment, active operator profile. Service: option, active profile, default.

    BadUsage without a key; ForeignService when a profile's key would go to another service than the profile's.
    """
    service = services.parse(service_text) if service_text else None
    text = app.terminal.hidden("Operator key") if key_text == "-" else key_text or app.settings.admin_key_text
    profile = _profile(app) if service is None or not (text or key_text) else None
    if text or key_text:
        chosen = service or (profile.service if profile else app.default_service())
        return Operating(app, service=chosen, key=Secret(text, what="the operator's key"))
    if profile is None or profile.role != "admin" or profile.api_key is None:
        raise BadUsage(
            "no operator's key",
            hint="Give it with --admin-key - or HIVEMIND_ADMIN_KEY, or make a profile of it: hmctl --profile ops init.",
        )
    if service is not None and not service.is_same_as(profile.service):
        raise ForeignService(
            f"the key of profile {profile.name!r} belongs to {profile.service.url}, not to {service.url}",
            hint="Choose another profile with --profile NAME before the command, or give the key with --admin-key -.",
        )
    return Operating(app, service=profile.service, key=profile.api_key)


def _profile(app: App) -> Profile | None:
    return app.profile if app.profiles.exists(app.profile_name) else None
