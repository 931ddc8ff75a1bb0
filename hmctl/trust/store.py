"""Builds of services that the user approved: `trust.json`, in the layout of published clients."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from hmctl.client import wire
from hmctl.trust.jsonstore import Document, JsonStore

_VERSION: Final = 1
_MOMENT: Final = "%Y-%m-%dT%H:%M:%SZ"
_CERTIFICATE: Final = "cert_fingerprint_sha256_hex"


@dataclass(frozen=True)
class Approval:
    """The approved build of one service."""

    service: str
    compose_hash: str
    app_id: str
    approved_at: str
    first_seen_at: str
    raw: Document


class TrustStore:
    """The approvals of one home directory."""

    def __init__(self, home: Path) -> None:
        self._store = JsonStore(home, "trust.json", fresh=lambda: {"version": _VERSION, "services": {}})

    def all(self) -> list[Approval]:
        """Every approval by service (StoreDamaged when the file cannot be relied on)."""
        services = self._services(self._store.load())
        return [self._approval(url, services[url]) for url in sorted(services)]

    def find(self, service: str) -> Approval | None:
        """The approval of one service."""
        entry = self._services(self._store.load()).get(service.rstrip("/"))
        return None if entry is None else self._approval(service.rstrip("/"), entry)

    def approve(self, service: str, *, compose_hash: str, app_id: str, certificate_sha256: str, at: float) -> None:
        """Makes this build of this application the approved one; what it replaces stays in the history.

        `compose_hash` and `app_id` must be proven. `certificate_sha256` (hex) is empty when no certificate is;
        `at` is in unix seconds.
        """
        url = service.rstrip("/")

        def edit(content: Document) -> None:
            services = self._services(content)
            before = services.get(url)
            if before is not None:
                self._approval(url, before)
            services[url] = _entry(
                before if isinstance(before, dict) else {},
                {"approved_compose_hash": compose_hash, "app_id": app_id},
                certificate_sha256=certificate_sha256,
                moment=datetime.fromtimestamp(at, UTC).strftime(_MOMENT),
            )

        self._store.change(edit)

    def forget(self, service: str | None) -> list[str]:
        """Removes the approval of one service, or of all (None); returns whose."""
        gone: list[str] = []

        def edit(content: Document) -> None:
            services = self._services(content)
            gone.extend(sorted(services) if service is None else [service.rstrip("/")])
            for url in gone:
                del services[url]

        if self.all() if service is None else self.find(service):
            self._store.change(edit)
        return gone

    def _services(self, content: Document) -> Document:
        services = content.get("services")
        if content.get("version") != _VERSION or not isinstance(services, dict):
            raise self._store.damaged("has another shape than expected")
        return services

    def _approval(self, service: str, entry: object) -> Approval:
        if not isinstance(entry, dict):
            raise self._store.damaged("holds an entry of another shape")
        return Approval(
            service=service,
            compose_hash=wire.text(entry, "approved_compose_hash"),
            app_id=wire.text(entry, "app_id"),
            approved_at=wire.text(entry, "approved_at"),
            first_seen_at=wire.text(entry, "first_seen_at"),
            raw=entry,
        )


def _entry(before: Document, approved: Document, *, certificate_sha256: str, moment: str) -> Document:
    """The new entry of a service. Members that others wrote into the old one are kept."""
    past = before.get("history")
    history = list(past) if isinstance(past, list) else []
    replaced = wire.text(before, "approved_compose_hash")
    if replaced and replaced != approved["approved_compose_hash"]:
        history.append({"hash": replaced, "approved_at": wire.text(before, "approved_at")})
    kept = {name: value for name, value in before.items() if name != _CERTIFICATE}
    entry = kept | approved | {"approved_at": moment, "history": history}
    entry["first_seen_at"] = wire.text(before, "first_seen_at") or moment
    return entry | ({_CERTIFICATE: certificate_sha256} if certificate_sha256 else {})
