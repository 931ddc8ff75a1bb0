"""What a user does with a client, in words that do not depend on the client."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Action:
    """One command. `words` is how the table calls it."""

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def words(self) -> str:
        chosen = [f"{key} {value}" if value is not True else key for key, value in sorted(self.options.items())]
        return self.name + (f" ({', '.join(chosen)})" if chosen else "")


def _action(name: str) -> Any:
    return lambda **options: Action(name, options)


inspect_room = _action("room inspect")
accept_room = _action("room accept")
ask = _action("room ask")
read_run = _action("room runs")
add_data = _action("room add-data")
read_data = _action("room data")
create_room = _action("room create")
list_rooms = _action("room list")
update_trust = _action("room trust")
revoke_room = _action("room revoke")
balance = _action("balance")
whoami = _action("whoami")
sql = _action("sql")
list_agents = _action("agents list")
doctor = _action("doctor")
init = _action("init")
signup = _action("signup")
rotate_key = _action("rotate-key")
redeem = _action("redeem-credit")
mint_token = _action("spend-tokens mint")
admin_tenants = _action("admin tenants list")
admin_grant = _action("admin billing grant")
attest = _action("trust attest")
approve = _action("trust approve")
verify_receipt = _action("receipt verify")
get_receipt = _action("receipt get")
make_pin = _action("trust pin create")
