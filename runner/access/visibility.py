"""What of a run each audience sees. Rows a caller may not see at all are left out by `runner.selectors.runs`."""

from dataclasses import dataclass, field

from attestation.errors import SealError
from attestation.sealing import aead
from attestation.sealing.context import output_context, prompt_context
from hivemind.kit.errors import RoomSealed
from rooms.services import opening
from runner.models import Run
from runner.terms import RunTerms
from tenants.principals import Owner, Principal

QUERIER_ONLY = "querier_only"


@dataclass(frozen=True)
class Payload:
    """The readable part of a run for one caller. `redacted` says that the room's rules hide output and error."""

    prompt: str | None = field(repr=False)
    output: str | None = field(repr=False)
    error: str | None
    redacted: bool


class Reader:
    """Opens runs for one caller, taking each room's key once. Keeps nothing beyond the request it serves."""

    def __init__(self, principal: Principal) -> None:
        self._principal = principal
        self._keys: dict[str, bytes | None] = {}

    def payload(self, run: Run) -> Payload:
        """What the caller may read. A room whose key does not open for the caller reads as if it were empty."""
        redacted = hides_payload(run, self._principal)
        key = self._key(run)
        prompt = self._open(run, key, "prompt") if RunTerms.from_json(run.terms).keeps_prompt else None
        if redacted:
            return Payload(prompt=prompt, output=None, error=None, redacted=True)
        return Payload(prompt=prompt, output=self._open(run, key, "output"), error=run.error or None, redacted=False)

    def _key(self, run: Run) -> bytes | None:
        if run.room_id not in self._keys:
            try:
                self._keys[run.room_id] = opening.open_room_key(self._principal, run.room)
            except RoomSealed:
                self._keys[run.room_id] = None
        return self._keys[run.room_id]

    def _open(self, run: Run, key: bytes | None, what: str) -> str | None:
        sealed = bytes(run.output_sealed if what == "output" else run.prompt_sealed)
        if key is None or not sealed:
            return None
        builder = output_context if what == "output" else prompt_context
        context = builder(tenant_id=run.tenant_id, room_id=run.room_id, run_id=run.id)
        try:
            return aead.open_sealed(key, sealed, context=context).decode("utf-8")
        except SealError:
            return None


def hides_payload(run: Run, principal: Principal) -> bool:
    """Whether the room's rules hide this run's output from this caller: a guest's answer from the room's owner."""
    return isinstance(principal, Owner) and bool(run.issuer_token_id) and run.output_visibility == QUERIER_ONLY
