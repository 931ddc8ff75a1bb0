"""The calls of `/v1`, one method each: path, timeout, and who is told about what.

The payer's key is a parameter of the calls that may carry it (submitting, reading and cancelling a run) and of
nothing else, so it cannot slip into another request.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from hmctl.client.pages import NEXT, Page, params
from hmctl.client.transport import Answer, Call, JsonObject, Method, Transport, Upload, path_of
from hmctl.secret import Secret

_SHORT: Final = 15.0
_USUAL: Final = 30.0
_LONG: Final = 60.0
_ATTEST: Final = 90.0
_SQL: Final = 120.0
_LARGEST_ARTIFACT: Final = 32 * 1024 * 1024

ShareAction = Literal["show", "on", "rotate", "off"]
_SHARE: Final[Mapping[ShareAction, tuple[Method, tuple[str, ...]]]] = {
    "show": ("GET", ()),
    "on": ("POST", ()),
    "rotate": ("POST", ("rotate",)),
    "off": ("DELETE", ()),
}


@dataclass(frozen=True)
class V1:
    """The calls as one caller makes them; without a bearer only the public ones work."""

    transport: Transport
    bearer: Secret | None = None

    def as_caller(self, bearer: Secret | None) -> "V1":
        """The same service, another caller."""
        return replace(self, bearer=bearer)

    # --- service and tenant ---

    def healthz(self) -> JsonObject:
        """Version and features; no credential is sent."""
        return self._public("healthz", _SHORT)

    def attestation(self, *, timeout_seconds: float) -> JsonObject:
        """The evidence of the service; no credential is sent."""
        return self._public("attestation", timeout_seconds)

    def health(self) -> JsonObject:
        """Version and table count of the caller's tenant."""
        return self._get("health", timeout=_SHORT).object()

    def whoami(self) -> JsonObject:
        """Who the bearer is."""
        return self._get("whoami", timeout=_SHORT).object()

    def billing(self, *, limit: int) -> JsonObject:
        """Balance and the newest ledger entries."""
        return self._get("billing", timeout=_SHORT, query={"limit": str(limit)}).object()

    def admin_tenants(self) -> JsonObject:
        """All tenants; answers only an operator's key."""
        return self._get("admin", "tenants", timeout=_SHORT).object()

    def rotate_key(self) -> JsonObject:
        """A new owner key; the old one dies with this call."""
        return self._post("tenant", "rotate-key", timeout=_USUAL).object()

    def sql(self, statement: str, *, values: list[object]) -> JsonObject:
        """Runs one statement in the tenant's own database."""
        return self._post("tenant", "sql", timeout=_SQL, body={"sql": statement, "params": values}).object()

    # --- rooms ---

    def create_room(self, body: JsonObject) -> JsonObject:
        """Signs a new room and makes its invite."""
        return self._post("rooms", timeout=_USUAL, body=body).object()

    def rooms(self, rows: int, cursor: str) -> Page:
        """One page of the caller's rooms, newest first."""
        answer = self._get("rooms", timeout=_USUAL, query=params(rows, cursor))
        listed = answer.object().get("rooms")
        found = [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
        return Page(found, answer.headers.get(NEXT, ""))

    def room_attest(self, room_id: str) -> JsonObject:
        """The signed room with its agents and the service's evidence."""
        return self._get("rooms", room_id, "attest", timeout=_ATTEST).object()

    def add_data(self, room_id: str, body: JsonObject) -> JsonObject:
        """Puts one text into the room's vault."""
        return self._post("rooms", room_id, "data", timeout=_LONG, body=body).object()

    def data(self, room_id: str) -> JsonObject:
        """All vault items in clear."""
        return self._get("rooms", room_id, "data", timeout=_LONG).object()

    def delete_data(self, room_id: str, item_id: str) -> JsonObject:
        """Removes one vault item."""
        return self._delete("rooms", room_id, "data", item_id).object()

    def update_trust(self, room_id: str, body: JsonObject) -> JsonObject:
        """Re-signs the room with another trust policy."""
        return self._post("rooms", room_id, "trust", timeout=_USUAL, body=body).object()

    def revoke_room(self, room_id: str) -> JsonObject:
        """Ends the room with its invites and share link."""
        return self._delete("rooms", room_id).object()

    def share_link(self, room_id: str, action: ShareAction) -> JsonObject:
        """Shows, makes, replaces or removes the room's share link."""
        method, rest = _SHARE[action]
        path = path_of("rooms", room_id, "share-link", *rest)
        return self._send(Call(method, path, _USUAL)).object()

    # --- runs ---

    def submit_run(self, room_id: str, body: JsonObject, *, run_id: str, payer: Secret | None) -> JsonObject:
        """Asks the room. `run_id` makes a repeated submit the same run."""
        headers = {"X-Hivemind-Idempotency-Key": run_id}
        path = path_of("rooms", room_id, "runs")
        return self._send(Call("POST", path, _USUAL, payer=payer, headers=headers, body=body)).object()

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
        call = Call("POST", path, _LONG, payer=payer, headers=headers, form=form, upload=upload)
        return self._send(call).object()

    def run(self, run_id: str, *, payer: Secret | None = None) -> JsonObject:
        """One run as the caller may see it."""
        return self._send(Call("GET", path_of("runs", run_id), _SHORT, payer=payer)).object()

    def runs(self, rows: int, cursor: str) -> Page:
        """One page of runs, newest first."""
        answer = self._get("runs", timeout=_USUAL, query=params(rows, cursor))
        return Page(answer.array(), answer.headers.get(NEXT, ""))

    def cancel_run(self, run_id: str, *, payer: Secret | None = None) -> JsonObject:
        """Stops a run that has not ended."""
        return self._send(Call("DELETE", path_of("runs", run_id), _USUAL, payer=payer)).object()

    def artifact(self, run_id: str, filename: str, *, payer: Secret | None = None) -> bytes:
        """The bytes of one artifact."""
        path = path_of("runs", run_id, "artifacts", filename)
        call = Call("GET", path, _LONG, payer=payer, largest_body=_LARGEST_ARTIFACT)
        return self._send(call).content

    # --- agents ---

    def upload_agent(self, upload: Upload, *, form: Mapping[str, str]) -> JsonObject:
        """Registers an agent; the answer names the run that builds it."""
        call = Call("POST", path_of("room-agents"), _LONG, form=form, upload=upload)
        return self._send(call).object()

    def agents(self) -> list[JsonObject]:
        """The agents the caller may see."""
        return self._get("room-agents", timeout=_USUAL).array()

    def agent(self, agent_id: str) -> JsonObject:
        """One agent's settings."""
        return self._get("room-agents", agent_id, timeout=_USUAL).object()

    def agent_files(self, agent_id: str) -> JsonObject:
        """The stored files of an agent, without their content."""
        return self._get("room-agents", agent_id, "files", timeout=_USUAL).object()

    def agent_file(self, agent_id: str, path: str) -> bytes:
        """The content of one stored file."""
        return self._get("room-agents", agent_id, "files", path, timeout=_USUAL).content

    def delete_agent(self, agent_id: str) -> JsonObject:
        """Removes an agent."""
        return self._delete("room-agents", agent_id).object()

    # --- how ---

    def _public(self, name: str, timeout: float) -> JsonObject:
        return self.transport.send(Call("GET", path_of(name), timeout)).object()

    def _get(self, *parts: str, timeout: float, query: Mapping[str, str] | None = None) -> Answer:
        return self._send(Call("GET", path_of(*parts), timeout, params=query or {}))

    def _post(self, *parts: str, timeout: float, body: JsonObject | None = None) -> Answer:
        return self._send(Call("POST", path_of(*parts), timeout, body=body))

    def _delete(self, *parts: str) -> Answer:
        return self._send(Call("DELETE", path_of(*parts), _USUAL))

    def _send(self, call: Call) -> Answer:
        return self.transport.send(replace(call, bearer=self.bearer))
