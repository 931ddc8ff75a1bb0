"""The calls about compose pins, which the service keeps for all machines of one owner."""

from hmctl.client import wire
from hmctl.client.caller import SHORT, Caller
from hmctl.client.transport import JsonObject


class ComposePins(Caller):
    """The tenant's pins as one caller sees them."""

    def list(self) -> list[JsonObject]:
        """All pins, newest first, revoked ones among them. Nothing of it is proven before its signature is."""
        return wire.objects(self.get("tenants", "compose-pin", "list", timeout=SHORT).object(), "pins")

    def register(self, envelope: JsonObject) -> JsonObject:
        """Hands over a signed pin; the same pin twice is one pin."""
        return self.post("tenants", "compose-pin", body={"envelope": envelope}).object()

    def revoke(self, pin_id: str) -> JsonObject:
        """Marks a pin as revoked."""
        return self.delete("tenants", "compose-pin", pin_id).object()
