"""One and the same lie, an old quote, before every command that would hand over a key or something private."""

from tests.conformance import actions as do
from tests.conformance.actions import Action
from tests.conformance.case import Case, Expect
from tests.conformance.world import World

REFUSED = Expect(4, "nonce", "nonce_not_bound")
ACTIONS: tuple[Action, ...] = (
    do.inspect_room(by="link"),
    do.inspect_room(by="id"),
    do.accept_room(by="link"),
    do.ask(by="id"),
    do.add_data(by="id"),
    do.read_data(by="id"),
    do.create_room(),
    do.list_rooms(),
    do.update_trust(by="id"),
    do.revoke_room(by="id"),
    do.balance(),
    do.whoami(),
    do.sql(),
    do.list_agents(),
    do.init(),
    do.signup(),
    do.rotate_key(),
    do.redeem(),
    do.mint_token(),
    do.doctor(),
    do.admin_tenants(),
    do.admin_grant(),
    do.attest(),
    do.approve(),
)


def _old_quote(world: World) -> None:
    kept = world.service.bundle(None)
    world.service.change("evidence", lambda _: kept)


def _name(action: Action) -> str:
    by = f"-by-{action.options['by']}" if "by" in action.options else ""
    return f"gate/{action.name.replace(' ', '-')}{by}"


CASES = tuple(
    Case(
        name=_name(action),
        lie="the evidence of the start is sent, which answers no nonce",
        tell=_old_quote,
        action=action,
        expect=REFUSED,
    )
    for action in ACTIONS
)
