"""As whom an agent is asked about: as its owner, or as the bearer of a room's link."""

from hmctl.app import App
from hmctl.client.v1 import V1
from hmctl.rooms import reference


def of(app: App, room: str | None) -> V1:
    """The caller (HmctlError when the link or the profile cannot be used)."""
    if room is None:
        return app.owner()
    ref = reference.read(app, room)
    return app.caller(ref.service, ref.bearer)
