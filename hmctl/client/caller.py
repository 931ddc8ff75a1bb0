"""What all groups of calls share: one service, and as whom it is spoken to."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from hmctl.client.transport import Answer, Call, JsonObject, Transport, path_of
from hmctl.secret import Secret

SHORT: Final = 15.0
USUAL: Final = 30.0
LONG: Final = 60.0


@dataclass(frozen=True)
class Caller:
    """The calls as one caller makes them; without a bearer only the public ones work."""

    transport: Transport
    bearer: Secret | None = None

    def get(self, *parts: str, timeout: float = USUAL, query: Mapping[str, str] | None = None) -> Answer:
        """Reads `/v1/parts…`."""
        return self.send(Call("GET", path_of(*parts), timeout, params=query or {}))

    def post(self, *parts: str, timeout: float = USUAL, body: JsonObject | None = None) -> Answer:
        """Posts to `/v1/parts…`."""
        return self.send(Call("POST", path_of(*parts), timeout, body=body))

    def delete(self, *parts: str, query: Mapping[str, str] | None = None, timeout: float = USUAL) -> Answer:
        """Deletes `/v1/parts…`."""
        return self.send(Call("DELETE", path_of(*parts), timeout, params=query or {}))

    def send(self, call: Call) -> Answer:
        """Sends the call with this caller's bearer."""
        return self.transport.send(replace(call, bearer=self.bearer))
