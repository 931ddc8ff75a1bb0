"""What is different in new terms, in plain words: nobody should have to find it by reading both."""

import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from attestation.manifests.room import AgentRef, RoomManifest
from hmctl import io
from hmctl.render import units, unread

_NOTHING: Final = "nothing"


@dataclass(frozen=True)
class Change:
    """One difference. `lines` is a line-by-line difference of a longer text, empty for short values."""

    subject: str
    before: str
    after: str
    lines: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        """The difference for programs."""
        return {"subject": self.subject, "before": self.before, "after": self.after}


def between(
    old: RoomManifest, new: RoomManifest, *, old_wire: Mapping[str, Any], new_wire: Mapping[str, Any]
) -> list[Change]:
    """Every difference that means something; signed members that this version does not know are among them."""
    changes = [
        Change(subject, before, after)
        for subject, tell in _SUBJECTS.items()
        if (before := tell(old)) != (after := tell(new))
    ]
    texts = {"Rules": (old.rules, new.rules)}
    if (old.policy, new.policy) != (old.rules, new.rules):  # otherwise the rules tell it already
        texts["Policy for the agents"] = (old.policy, new.policy)
    for subject, (before, after) in texts.items():
        if before != after:
            changes.append(Change(subject, before, after, tuple(_lines(before, after))))
    was, now = unread.members(old, old_wire), unread.members(new, new_wire)
    changes += [
        Change(f"Signed member {name!r}", was.get(name, "absent"), now.get(name, "absent"))
        for name in sorted({*was, *now})
        if was.get(name) != now.get(name)
    ]
    return changes


def text(changes: list[Change]) -> str:
    """The differences for people."""
    shown: list[str] = []
    for change in changes:
        if change.lines:
            shown += [f"  {change.subject}:", *(f"    {io.visible(line)}".rstrip() for line in change.lines)]
        else:
            was, now = (io.one_line(value, width=2000) for value in (change.before, change.after))
            shown += [f"  {io.one_line(change.subject)}:", f"    was: {was}", f"    now: {now}"]
    return "\n".join(shown) or "  nothing that this version of hmctl can name; the signed text is another one"


def _lines(before: str, after: str) -> Iterator[str]:
    for line in difflib.ndiff(before.split("\n"), after.split("\n")):
        if not line.startswith("? "):
            yield line


def _agent(role: str) -> Callable[[RoomManifest], str]:
    def tell(manifest: RoomManifest) -> str:
        refs: dict[str, AgentRef | None] = {
            "scope": manifest.scope,
            "query": AgentRef(manifest.query.agent_id, manifest.query.visibility),
            "mediator": manifest.mediator,
        }
        ref = refs[role]
        if ref is None:
            return "none"
        if not ref.agent_id:
            return f"brought by the asker, {ref.visibility}"
        signed = next((agent for agent in manifest.agents if agent.role == role), None)
        if signed is None:
            return f"{ref.agent_id}, {ref.visibility}, source not signed"
        image = signed.image_id or "not signed"
        return f"{ref.agent_id}, {ref.visibility}, source {signed.source_sha256}, image {image}"

    return tell


def _tables(manifest: RoomManifest) -> str:
    return "not signed" if manifest.allowed_tables is None else ", ".join(sorted(manifest.allowed_tables)) or _NOTHING


def _expiry(manifest: RoomManifest) -> str:
    return "never" if manifest.expires_at is None else units.moment(manifest.expires_at)


_SUBJECTS: Final[Mapping[str, Callable[[RoomManifest], str]]] = {
    "Name": lambda manifest: manifest.name or "-",
    "Who reads answers": lambda manifest: manifest.output_visibility,
    "Model providers": lambda manifest: ", ".join(sorted(manifest.llm_providers)) or _NOTHING,
    "Artifacts": lambda manifest: "allowed" if manifest.allow_artifacts else "not allowed",
    "Tables": _tables,
    "Query mode": lambda manifest: manifest.query.mode,
    "Row policies": lambda manifest: "required" if manifest.require_row_policies else "not required",
    "Scope agent": _agent("scope"),
    "Query agent": _agent("query"),
    "Mediator": _agent("mediator"),
    "Trust mode": lambda manifest: manifest.trust.mode,
    "Allowed builds": lambda manifest: ", ".join(sorted(manifest.trust.allowed_composes)) or _NOTHING,
    "Expires": _expiry,
}
