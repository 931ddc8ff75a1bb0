"""What a build printed: bounded while it is going on, and at rest only under the agent's source key."""

import re
from collections.abc import Callable

from agents.models import ImageBuild
from attestation.sealing import aead
from attestation.sealing.context import build_log_context
from attestation.sealing.wrap import key_id

FIRST_CHARS = 16 * 1024
LAST_CHARS = 48 * 1024
_STEP = re.compile(r"Step (\d{1,5})/(\d{1,5}) : ")
_OURS = re.compile(r"Step \d+/\d+ : LABEL .*\bhivemind-instance=")
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")


class BuildLog:
    """Takes what a build prints. Keeps its beginning and its end, and tells which step of how many is going on."""

    def __init__(self, on_step: Callable[[int, int], None] = lambda step, steps: None) -> None:
        self._on_step = on_step
        self._first = ""
        self._last = ""
        self._dropped = 0

    def write(self, text: str) -> None:
        """Take one piece of what the engine tells."""
        step = _STEP.match(text)
        if step is not None:
            self._on_step(int(step.group(1)), int(step.group(2)))
            if _OURS.match(text):
                return  # our own instructions are not the uploader's
        lines = _COLOURS.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
        clean = "".join(char for char in lines if char in "\n\t" or char.isprintable())
        room = FIRST_CHARS - len(self._first)
        self._first += clean[:room]
        self._last += clean[room:]
        if len(self._last) > 2 * LAST_CHARS:
            self._forget()

    def text(self) -> str:
        """Everything that was kept, with a line where something is missing."""
        self._forget()
        missing = f"\n[{self._dropped} characters are left out here]\n" if self._dropped else ""
        return f"{self._first}{missing}{self._last}"

    def _forget(self) -> None:
        excess = len(self._last) - LAST_CHARS
        if excess > 0:
            self._dropped += excess
            self._last = self._last[excess:]


def sealed(build: ImageBuild, text: str, *, source_key: bytes) -> bytes:
    """The log as the build's row keeps it; nothing for an empty one."""
    return aead.seal(source_key, text.encode("utf-8", "replace"), context=_context(build, source_key)) if text else b""


def opened(build: ImageBuild, *, source_key: bytes) -> str:
    """The log in clear. Raises SealBroken when the row was changed or moved."""
    blob = bytes(build.log_sealed)
    return aead.open_sealed(source_key, blob, context=_context(build, source_key)).decode() if blob else ""


def _context(build: ImageBuild, source_key: bytes) -> bytes:
    return build_log_context(
        tenant_id=build.agent.tenant_id, agent_id=build.agent_id, build_id=build.pk, key_id=key_id(source_key)
    )
