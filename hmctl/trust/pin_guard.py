"""The compose pins during one command: checked before an owner key is sent, and kept in step with the service."""

from pathlib import Path
from typing import Final

from hmctl.client.v1 import V1
from hmctl.clock import Clock
from hmctl.errors import BadAnswer, BadInput, HttpFailed, TransportFailed
from hmctl.io import Terminal
from hmctl.services import Service
from hmctl.trust import pin_keeping, pinning
from hmctl.trust.decide import ServiceTrust
from hmctl.trust.pin_keeping import Compared
from hmctl.trust.pinning import Agent, Holder
from hmctl.trust.pins import PinnedKey, PinStore

_REFRESH_SECONDS: Final = 3600.0
_NOT_FOUND: Final = 404


class PinGuard:
    """The pins of one home directory, as one command meets them."""

    def __init__(self, home: Path, *, terminal: Terminal, clock: Clock) -> None:
        self.store = PinStore(home)
        self._terminal = terminal
        self._clock = clock
        self._compared: set[tuple[str, str]] = set()
        self._said: set[str] = set()

    def check(self, holder: Holder, trust: ServiceTrust) -> None:
        """Returns when the holder's key may go to the service (PinRefused, StoreDamaged). Says what expired."""
        if not holder.has_pins:
            return
        now = self._clock.now()
        for entry in pinning.entries_for(self.store, holder):
            pinning.require(entry.in_force(now), holder.service, trust)
            for kept in entry.ran_out(now):
                if kept.pin_id not in self._said:
                    self._said.add(kept.pin_id)
                    self._terminal.warn(pinning.expiry_notice(kept))

    def check_agent(self, agent: Agent, service: Service, trust: ServiceTrust) -> str:
        """See `pinning.require_agent` (PinRefused, RoomRejected, StoreDamaged)."""
        return pinning.require_agent(self.store, agent, service, trust, now=self._clock.now())

    def is_about(self, agent_id: str) -> bool:
        """Whether any pin in force here names this scope agent."""
        now = self._clock.now()
        return any(kept.scope == agent_id for entry in self.store.all() for kept in entry.in_force(now) if kept.scope)

    def keep_in_step(self, holder: Holder, client: V1, trust: ServiceTrust) -> None:
        """Once an hour: takes over pins signed on other machines, warns of withheld ones, checks again.

        A service that cannot be asked, or that has no pins, changes nothing here.
        """
        if not holder.has_pins or (holder.service.url, holder.fingerprint) in self._compared:
            return
        self._compared.add((holder.service.url, holder.fingerprint))
        entry = holder.entry(self.store)
        if 0 <= self._clock.now() - entry.refreshed_at < _REFRESH_SECONDS:
            return
        compared = self._ask(holder, entry, client)
        if compared is None:
            return
        for notice in compared.notices():
            self._terminal.warn(notice)
        if compared.added:
            self.check(holder, trust)

    def compare(self, holder: Holder, client: V1) -> Compared:
        """Compares now (HttpFailed, TransportFailed, BadAnswer, BadInput)."""
        self._compared.add((holder.service.url, holder.fingerprint))
        try:
            rows = client.compose_pins.list()
        except HttpFailed as problem:
            if problem.status != _NOT_FOUND:
                raise
            rows = []
        return pin_keeping.compare(self.store, holder, rows, now=self._clock.now())

    def _ask(self, holder: Holder, entry: PinnedKey, client: V1) -> Compared | None:
        try:
            return self.compare(holder, client)
        except (HttpFailed, TransportFailed, BadAnswer) as problem:
            if any(kept.registered for kept in entry.in_force(self._clock.now())):
                self._terminal.warn(f"the service does not show its compose pins: {problem.message}")
        except BadInput as problem:
            self._terminal.warn(f"the service's compose pins are not remembered: {problem.message}")
        return None
