"""What the service says about an agent's newest build, to whoever uploaded it."""

from dataclasses import dataclass

from hmctl.client import wire
from hmctl.client.transport import JsonObject
from hmctl.client.v1 import V1
from hmctl.errors import BadInput, HttpFailed

LAST_LINES = 20
_ENDED = ("completed", "failed")


@dataclass(frozen=True)
class BuildLog:
    """One build. `raw` is the answer itself."""

    raw: JsonObject
    status: str
    error: str
    text: str

    def silence(self) -> str:
        """Why there is no text."""
        if self.raw.get("shared") is True:
            return "nothing was built: the image of an earlier upload of the same files was taken"
        return "the build printed nothing" if self.status in _ENDED else "the build has printed nothing yet"

    def last_lines(self, count: int = LAST_LINES) -> list[str]:
        """The end of the log, without empty lines."""
        return [line for line in self.text.splitlines() if line.strip()][-count:]


def fetch(client: V1, agent_id: str) -> BuildLog:
    """The newest build (BadInput when there is none that this caller may read)."""
    try:
        answer = client.agent_build(agent_id)
    except HttpFailed as problem:
        if problem.status in (404, 405):
            raise BadInput(
                f"there is no build of agent {agent_id} whose log you may read",
                hint="Only its uploader may: for one that you brought to a room, add --link ROOM.",
            ) from None
        raise
    texts = (wire.required(answer, "status"), wire.text(answer, "error"), wire.text(answer, "log"))
    return BuildLog(answer, *texts)
