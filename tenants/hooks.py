"""What this app asks of the apps above it, which register in `AppConfig.ready`.

Callbacks that act run inside the transaction of the act, and one that raises undoes it. Those that end something are
called last registered first: what lies highest lets go first, so that runs are locked before accounts and tokens.
"""

from collections.abc import Callable

from hivemind.kit.audit import Actor
from tenants.models import Tenant
from tenants.principals import RoomGuest

Count = Callable[[Tenant, Actor], int]
Act = Callable[[Tenant, Actor], None]
Tables = Callable[[RoomGuest], frozenset[str]]
Sealed = Callable[[RoomGuest], bool]

_welcomers: list[Callable[[Tenant], None]] = []
_renamers: list[Act] = []
_revokers: list[Count] = []
_clearers: list[Count] = []
_stoppers: list[Act] = []
_cleaners: list[Act] = []
_tables: list[Tables] = []
_sealed: list[Sealed] = []


def on_create(callback: Callable[[Tenant], None]) -> None:
    """`callback` adds what every tenant has, in the transaction that makes it."""
    _welcomers.append(callback)


def on_rename(callback: Act) -> None:
    """`callback` follows a tenant's new name."""
    _renamers.append(callback)


def on_revoke_capabilities(callback: Count) -> None:
    """`callback` revokes every invite and share link of a tenant and returns how many were live."""
    _revokers.append(callback)


def on_clear_seal(callback: Count) -> None:
    """`callback` deletes what only the tenant's old root key could open and returns how many rows went."""
    _clearers.append(callback)


def on_suspend(callback: Act) -> None:
    """`callback` stops a tenant's running work. Called on suspension and before deletion."""
    _stoppers.append(callback)


def on_delete(callback: Act) -> None:
    """`callback` removes what a tenant leaves outside the database, before its rows go."""
    _cleaners.append(callback)


def answer_visible_tables(callback: Tables) -> None:
    """`callback` says which tables the room of a guest allows. Several answers are intersected."""
    _tables.append(callback)


def answer_guest_sealed(callback: Sealed) -> None:
    """`callback` says, with one query at most, that a guest's bearer cannot open the room's key."""
    _sealed.append(callback)


def created(tenant: Tenant) -> None:
    """Add what every tenant has."""
    for callback in _welcomers:
        callback(tenant)


def renamed(tenant: Tenant, *, actor: Actor) -> None:
    """Let the other apps follow a new name."""
    for callback in _renamers:
        callback(tenant, actor)


def revoke_capabilities(tenant: Tenant, *, actor: Actor) -> int:
    """Revoke every invite and share link of `tenant`; the number of live ones."""
    return sum(callback(tenant, actor) for callback in reversed(_revokers))


def clear_seal(tenant: Tenant, *, actor: Actor) -> int:
    """Delete what only the old root key of `tenant` could open; the number of rows."""
    return sum(callback(tenant, actor) for callback in _clearers)


def stop_work(tenant: Tenant, *, actor: Actor) -> None:
    """Stop the running work of `tenant`."""
    for callback in reversed(_stoppers):
        callback(tenant, actor)


def clean_up(tenant: Tenant, *, actor: Actor) -> None:
    """Remove what `tenant` leaves outside the database."""
    for callback in reversed(_cleaners):
        callback(tenant, actor)


def visible_tables(guest: RoomGuest) -> frozenset[str]:
    """The tables a guest may know of: none, unless somebody answers."""
    answers = [callback(guest) for callback in _tables]
    return frozenset.intersection(*answers) if answers else frozenset()


def guest_sealed(guest: RoomGuest) -> bool:
    """Whether a guest's bearer opens nothing: so it is, unless somebody answers otherwise."""
    return any(callback(guest) for callback in _sealed) if _sealed else True
