"""Checks with the profile's key at its own service: compose pins, the key itself, version, billing."""

from typing import Final

from hmctl import statement
from hmctl._version import __version__
from hmctl.app import App
from hmctl.checkup.findings import Checkup
from hmctl.checkup.service import Met
from hmctl.client import wire
from hmctl.client.v1 import V1
from hmctl.errors import HmctlError, HttpFailed
from hmctl.profiles import Profile
from hmctl.render import account, units
from hmctl.secret import Secret
from hmctl.trust import pinning
from hmctl.trust.pinning import Holder

NAMES: Final = ("compose pins", "service auth", "billing")
_NOT_FOUND: Final = 404


def check(app: App, profile: Profile, met: Met, checkup: Checkup) -> None:
    """What can be found out with the key. A pin that keeps the key back keeps it back here as well."""
    if profile.api_key is None:
        checkup.left_out(NAMES, "the profile has no key")
        return
    if met.trust is None:
        checkup.left_out(NAMES, met.why)
        return
    try:
        app.guard(profile.service, profile.api_key)
    except HmctlError as problem:
        checkup.failed("compose pins", problem)
        checkup.left_out(NAMES[1:], "the key is not sent to this service")
        return
    client = app.public(profile.service).as_caller(profile.api_key)
    if profile.role == "tenant":
        _pins(app, profile, profile.api_key, client, checkup)
    _auth(client, profile, met, checkup)
    if profile.role == "tenant":
        _billing(client, checkup, now=app.clock.now())


def _pins(app: App, profile: Profile, key: Secret, client: V1, checkup: Checkup) -> None:
    holder, now = Holder(profile.name, profile.service, key), app.clock.now()
    if not holder.has_pins:
        return
    name = "compose pins"
    try:
        notices = app.pins.compare(holder, client).notices()
        entries = pinning.entries_for(app.pins.store, holder)
    except HmctlError as problem:
        checkup.warn(name, f"not compared with the service: {problem.message}", problem.hint)
        return
    notices += [pinning.expiry_notice(kept) for entry in entries for kept in entry.ran_out(now)]
    in_force = [kept.pin_id for entry in entries for kept in entry.in_force(now)]
    if notices:
        checkup.warn(name, "; ".join(notices), "See `hmctl trust pin list`.")
    elif in_force:
        checkup.ok(name, f"in force and met by the running build: {', '.join(in_force)}")
    else:
        checkup.ok(name, "none; `hmctl trust pin create --live` keeps your key from other builds")


def _auth(client: V1, profile: Profile, met: Met, checkup: Checkup) -> None:
    with checkup.step("service auth"):
        if profile.role == "admin":
            client.operator.tenants(rows=1)
            checkup.ok("service auth", "operator key accepted")
        else:
            tables = wire.whole(client.health(), "table_count")
            checkup.ok("service auth", f"key accepted, {tables} table{'' if tables == 1 else 's'}")
    if met.version and met.version != __version__:
        hint = "Update the one that is older."
        checkup.warn("version sync", f"client {__version__}, service {met.version}", hint)


def _billing(client: V1, checkup: Checkup, *, now: float) -> None:
    try:
        told = statement.read(client.money.billing(limit=3))
    except HttpFailed as problem:
        if problem.status == _NOT_FOUND:
            checkup.warn("billing", "the service has no billing")
        else:
            checkup.failed("billing", problem)
        return
    except HmctlError as problem:
        checkup.failed("billing", problem)
        return
    detail = f"balance {units.micro_usd(told.available_micro_usd)}"
    if not told.is_partial:
        detail += f", {units.micro_usd(told.held_micro_usd)} held, {units.micro_usd(told.spent_micro_usd)} spent"
    advice = account.advice(told, now=now)
    if advice:
        checkup.warn("billing", detail, advice)
    else:
        checkup.ok("billing", detail)
