"""The calls of `/v1`, one method each: path, timeout, and who is told about what.

The payer's key or token is a parameter of the calls that may carry it (submitting, reading and cancelling a run) and of
nothing else, so it cannot slip into another request.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from hmctl.client import pages
from hmctl.client.caller import LONG, SHORT, USUAL, Caller
from hmctl.client.money import Money
from hmctl.client.operator import Operator
from hmctl.client.pages import NEXT, Page, params
from hmctl.client.pins import ComposePins
from hmctl.client.transport import Call, JsonObject, Method, Upload, path_of
from hmctl.secret import Secret

_ATTEST: Final = 90.0
_SQL: Final = 120.0
_DOWNLOAD: Final = 600.0
_LARGEST_ARTIFACT: Final = 32 * 1024 * 1024
_SLOWEST_UPLOAD: Final = 64 * 1024
_LARGEST_PUBLIC: Final = 8 * 1024 * 1024

ShareAction = Literal["show", "on", "rotate", "off"]
_SHARE: Final[Mapping[ShareAction, tuple[Method, tuple[str, ...]]]] = {
    "show": ("GET", ()),
    "on": ("POST", ()),
    "rotate": ("POST", ("rotate",)),
    "off": ("DELETE", ()),
}


def _time_for(upload: Upload) -> float:
    """Seconds that an upload may take: those of any long call, and what a slow line needs for the bytes."""
    return LONG + len(upload.content) / _SLOWEST_UPLOAD


@dataclass(frozen=True)
class V1(Caller):
    """Service, rooms, runs and agents."""

    def as_caller(self, bearer: Secret | None) -> "V1":
        """The same service, another caller."""
        return replace(self, bearer=bearer)

    @property
    def money(self) -> Money:
        """The account's calls as the same caller."""
        return Money(self.transport, self.bearer)

    @property
    def compose_pins(self) -> ComposePins:
        """The calls about the owner's compose pins as the same caller."""
        return ComposePins(self.transport, self.bearer)

    @property
    def operator(self) -> Operator:
        """The operator's calls as the same caller."""
        return Operator(self.transport, self.bearer)

    # --- service and tenant ---

    def healthz(self) -> JsonObject:
        """Version and features; no credential is sent."""
        return self._public("healthz")

    def attestation(self, *, timeout_seconds: float, nonce: str = "") -> JsonObject:
        """The evidence of the service, made for `nonce` (64 hex digits) where it can do that; sends no credential."""
        asked = {"nonce": nonce} if nonce else {}
        call = Call("GET", path_of("attestation"), timeout_seconds, params=asked, largest_body=_LARGEST_PUBLIC)
        return self.transport.send(call).object()

    def health(self) -> JsonObject:
        """Version and table count of the caller's tenant."""
        return self.get("health", timeout=SHORT).object()

    def whoami(self) -> JsonObject:
        """Who the bearer is."""
        return self.get("whoami", timeout=SHORT).object()

    def rotate_key(self) -> JsonObject:
        """A new owner key; the old one dies with this call."""
        return self.post("tenant", "rotate-key").object()

    def sql(self, statement: str, *, values: list[object]) -> JsonObject:
        """Runs one statement in the tenant's own database."""
        return self.post("tenant", "sql", timeout=_SQL, body={"sql": statement, "params": values}).object()

    # --- rooms ---

    def create_room(self, body: JsonObject) -> JsonObject:
        """Signs a new room and makes its invite."""
        return self.post("rooms", body=body).object()

    def rooms(self, rows: int, cursor: str) -> Page:
        """One page of the caller's rooms, newest first."""
        return pages.of(self.get("rooms", query=params(rows, cursor)), "rooms")

    def room_attest(self, room_id: str) -> JsonObject:
        """The signed room with its agents and the service's evidence."""
        return self.get("rooms", room_id, "attest", timeout=_ATTEST).object()

    def revocation(self, room_id: str) -> JsonObject:
        """The owner's signed statement that the room is over; no credential is sent."""
        return self._public("rooms", room_id, "revocation")

    def sign_revocation(self, room_id: str) -> JsonObject:
        """Signs the end of a room that was ended without it."""
        return self.post("rooms", room_id, "revocation", "sign").object()

    def add_data(self, room_id: str, body: JsonObject) -> JsonObject:
        """Puts one text into the room's vault."""
        return self.post("rooms", room_id, "data", timeout=LONG, body=body).object()

    def data(self, room_id: str) -> JsonObject:
        """All vault items in clear."""
        return self.get("rooms", room_id, "data", timeout=LONG).object()

    def delete_data(self, room_id: str, item_id: str) -> JsonObject:
        """Removes one vault item."""
        return self.delete("rooms", room_id, "data", item_id).object()

    def update_trust(self, room_id: str, body: JsonObject) -> JsonObject:
        """Re-signs the room with another trust policy."""
        return self.post("rooms", room_id, "trust", body=body).object()

    def revoke_room(self, room_id: str) -> JsonObject:
        """Ends the room with its invites and share link."""
        return self.delete("rooms", room_id).object()

    def share_link(self, room_id: str, action: ShareAction) -> JsonObject:
        """Shows, makes, replaces or removes the room's share link."""
        method, rest = _SHARE[action]
        path = path_of("rooms", room_id, "share-link", *rest)
        return self.send(Call(method, path, USUAL)).object()

    def quote(self, room_id: str, body: JsonObject) -> JsonObject:
        """What a question with these limits may cost at most. Nothing is asked or held, and no payer is named."""
        return self.post("rooms", room_id, "quote", body=body).object()

    # --- runs ---

    def submit_run(self, room_id: str, body: JsonObject, *, run_id: str, payer: Secret | None) -> JsonObject:
        """Asks the room. `run_id` makes a repeated submit the same run."""
        headers = {"X-Hivemind-Idempotency-Key": run_id}
        path = path_of("rooms", room_id, "runs")
        return self.send(Call("POST", path, USUAL, payer=payer, headers=headers, body=body)).object()

    def submit_agent(
        self,
        room_id: str,
        upload: Upload,
        *,
        form: Mapping[str, str],
        run_id: str,
        payer: Secret | None,
    ) -> JsonObject:
        """Asks the room with a query agent of one's own."""
        headers = {"X-Hivemind-Idempotency-Key": run_id}
        path = path_of("rooms", room_id, "query-agents")
        call = Call("POST", path, _time_for(upload), payer=payer, headers=headers, form=form, upload=upload)
        return self.send(call).object()

    def run(self, run_id: str, *, payer: Secret | None = None) -> JsonObject:
        """One run as the caller may see it."""
        return self.send(Call("GET", path_of("runs", run_id), SHORT, payer=payer)).object()

    def runs(self, rows: int, cursor: str, *, payer: Secret | None = None) -> Page:
        """One page of runs, newest first."""
        answer = self.send(Call("GET", path_of("runs"), USUAL, params=params(rows, cursor), payer=payer))
        return Page(answer.array(), answer.headers.get(NEXT, ""))

    def cancel_run(self, run_id: str, *, payer: Secret | None = None) -> JsonObject:
        """Stops a run that has not ended."""
        return self.send(Call("DELETE", path_of("runs", run_id), USUAL, payer=payer)).object()

    def receipt(self, run_id: str, *, payer: Secret | None = None) -> JsonObject:
        """What checks an ended run's answer elsewhere."""
        call = Call("GET", path_of("runs", run_id, "receipt"), USUAL, payer=payer)
        return self.send(call).object()

    def artifact(
        self,
        run_id: str,
        filename: str,
        *,
        payer: Secret | None = None,
        on_part: Callable[[int], None] | None = None,
    ) -> bytes:
        """The bytes of one artifact; `on_part` is told how many have come so far."""
        path = path_of("runs", run_id, "artifacts", filename)
        call = Call("GET", path, _DOWNLOAD, payer=payer, largest_body=_LARGEST_ARTIFACT, on_part=on_part)
        return self.send(call).content

    # --- agents ---

    def upload_agent(self, upload: Upload, *, form: Mapping[str, str]) -> JsonObject:
        """Registers an agent; the answer names the run that builds it."""
        call = Call("POST", path_of("room-agents"), _time_for(upload), form=form, upload=upload)
        return self.send(call).object()

    def agents(self) -> list[JsonObject]:
        """The agents the caller may see."""
        return self.get("room-agents").array()

    def agent(self, agent_id: str) -> JsonObject:
        """One agent's settings."""
        return self.get("room-agents", agent_id).object()

    def agent_attest(self, agent_id: str) -> JsonObject:
        """What the service says about an agent's source and image."""
        return self.get("room-agents", agent_id, "attest", timeout=_ATTEST).object()

    def agent_files(self, agent_id: str) -> JsonObject:
        """The stored files of an agent, without their content."""
        return self.get("room-agents", agent_id, "files").object()

    def agent_file(self, agent_id: str, path: str) -> bytes:
        """The content of one stored file."""
        return self.get("room-agents", agent_id, "files", path).content

    def agent_build(self, agent_id: str) -> JsonObject:
        """The newest build of an agent that the caller uploaded, with its log."""
        return self.get("room-agents", agent_id, "build").object()

    def delete_agent(self, agent_id: str) -> JsonObject:
        """Removes an agent."""
        return self.delete("room-agents", agent_id).object()

    # --- how ---

    def _public(self, *parts: str) -> JsonObject:
        call = Call("GET", path_of(*parts), SHORT, largest_body=_LARGEST_PUBLIC)
        return self.transport.send(call).object()
