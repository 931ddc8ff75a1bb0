"""The two sides of a room: the owner who makes it, and the participant who asks through its link."""

import io
import secrets
import tarfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from eval.errors import EvalError

Json = dict[str, Any]
PATIENCE_SECONDS = 120.0
BUILD_SECONDS = 600.0
# Each look costs the service some of the time that it needs for the runs themselves.
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.4, 1.5
ENDED = ("completed", "failed", "cancelled")


@dataclass(frozen=True)
class Room:
    """A room and the token of its invite."""

    room_id: str
    link: str
    token: str


class Owner:
    """Makes tables, agents and rooms."""

    def __init__(self, url: str, key: str) -> None:
        self._http = _session(url, key)

    def sql(self, statement: str) -> Json:
        """One statement in the owner's own database."""
        return _checked(self._http.post("/tenant/sql", json={"sql": statement, "params": []}))

    def agent(self, kind: str, name: str, files: Mapping[str, bytes]) -> str:
        """Register an agent and wait for its image; its id."""
        upload = {"archive": (f"{name}.tar.gz", packed(files))}
        told = _checked(self._http.post("/room-agents", data={"name": name, "agent_type": kind}, files=upload))
        row = await_end(self._http, told["run_id"], seconds=BUILD_SECONDS)
        if row["status"] != "completed":
            raise EvalError(f"the agent {name} could not be built: {row['error']}")
        return str(told["agent_id"])

    def room(self, **terms: Any) -> Room:
        """A signed room with these terms."""
        made = _checked(self._http.post("/rooms", json=terms))
        return Room(made["room_id"], made["link"], made["token"])

    def add_document(self, room: Room, text: str, metadata: Mapping[str, str]) -> None:
        """Put a text into the room's vault."""
        _checked(self._http.post(f"/rooms/{room.room_id}/data", json={"text": text, "metadata": dict(metadata)}))


class Asker:
    """Asks one room as the bearer of its link, and sees what such a bearer sees. Usable from several threads."""

    def __init__(self, url: str, room: Room, *, payer_key: str) -> None:
        self._http = _session(url, room.token, payer_key=payer_key)
        self._room = room

    def ask(self, question: str, *, seconds: float = PATIENCE_SECONDS, **choices: Any) -> Json:
        """Ask, wait, and return the ended run's row."""
        headers = {"X-Hivemind-Idempotency-Key": secrets.token_hex(16)}
        body = {"query": question, **choices}
        told = _checked(self._http.post(f"/rooms/{self._room.room_id}/runs", json=body, headers=headers))
        return await_end(self._http, told["run_id"], seconds=seconds)

    def artifact(self, run_id: str, filename: str) -> str:
        """The text of an artifact, as far as it is one."""
        answer = self._http.get(f"/runs/{run_id}/artifacts/{filename}")
        return answer.content.decode("utf-8", "replace") if answer.status_code == 200 else ""


def await_end(http: httpx.Client, run_id: str, *, seconds: float) -> Json:
    """The row of a run that has ended. Raises EvalError when it does not in time."""
    deadline, pause = time.monotonic() + seconds, FIRST_PAUSE_SECONDS
    while time.monotonic() < deadline:
        row = _checked(http.get(f"/runs/{run_id}"))
        if row["status"] in ENDED:
            return row
        time.sleep(pause)
        pause = min(pause * 1.5, LONGEST_PAUSE_SECONDS)
    raise EvalError(f"run {run_id} has not ended within {seconds:g} s")


def packed(files: Mapping[str, bytes]) -> bytes:
    """A gzipped tar of the files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in sorted(files.items()):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def _session(url: str, bearer: str, *, payer_key: str = "") -> httpx.Client:
    headers = {"Authorization": f"Bearer {bearer}"} | ({"X-Hivemind-Api-Key": payer_key} if payer_key else {})
    return httpx.Client(base_url=f"{url}/v1", headers=headers, timeout=120)


def _checked(answer: httpx.Response) -> Json:
    if answer.status_code >= 400:
        raise EvalError(f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text[:300]}")
    body: Json = answer.json()
    return body
