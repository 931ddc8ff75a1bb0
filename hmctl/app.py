"""What every command works with: settings, profiles, stores, the terminal, and clients behind the trust gate.

Passed along explicitly. A credential leaves this process only through a client that `owner` or `admit` has let
through the gate.
"""

import os
from contextlib import ExitStack
from functools import cached_property
from typing import TYPE_CHECKING

from attestation.evidence.bundle import NotReady
from hmctl import exits, services, settings
from hmctl.client.transport import Transport
from hmctl.client.v1 import V1
from hmctl.clock import Clock
from hmctl.errors import ProfileProblem
from hmctl.io import Terminal
from hmctl.launch import Launch
from hmctl.profiles import Profile, ProfileStore
from hmctl.secret import Secret
from hmctl.services import Service
from hmctl.settings import Settings
from hmctl.trust import decide, gate
from hmctl.trust.acceptances import Acceptances
from hmctl.trust.accepted_manifests import AcceptedManifests
from hmctl.trust.decide import ServiceTrust
from hmctl.trust.gate import Gate
from hmctl.trust.known_rooms import KnownRooms
from hmctl.trust.pin_guard import PinGuard
from hmctl.trust.pinning import Holder
from hmctl.trust.store import TrustStore

if TYPE_CHECKING:
    from attestation.evidence.roots import TrustRoot
    from hmctl.trust.demands import Demands
    from hmctl.trust.examine import Examined


class App:
    """One command's session. A context manager: leaving it closes the connections."""

    def __init__(
        self,
        chosen: Settings,
        *,
        clock: Clock,
        codes: exits.Codes = exits.ROOM,
        hardware: "TrustRoot | None" = None,
    ) -> None:
        self.settings = chosen
        self._hardware = hardware
        self.clock = clock
        self.codes = codes
        self.terminal = Terminal(verbose=chosen.verbose, plain=chosen.plain, unverified=chosen.skip_attestations)
        self.profiles = ProfileStore(chosen.home, is_default_home=chosen.home_is_default)
        self.acceptances = Acceptances(chosen.home)
        self.accepted_manifests = AcceptedManifests(chosen.home)
        self.known_rooms = KnownRooms(chosen.home)
        self.trust_store = TrustStore(chosen.home)
        self.pins = PinGuard(chosen.home, terminal=self.terminal, clock=clock)
        self._open = ExitStack()
        self._clients: dict[str, V1] = {}
        self._admitted: dict[str, ServiceTrust] = {}

    @classmethod
    def of(cls, launch: Launch, *, codes: exits.Codes = exits.ROOM) -> "App":
        """The session for the flags given and the environment of this process."""
        return cls(settings.read(launch.flags, os.environ), clock=launch.clock, codes=codes, hardware=launch.hardware)

    def __enter__(self) -> "App":
        return self

    def __exit__(self, *exc: object) -> None:
        self._open.close()

    @cached_property
    def profile_name(self) -> str:
        """The name of the active profile, whether or not it exists."""
        return self.profiles.active_name(self.settings.profile)

    @cached_property
    def profile(self) -> Profile:
        """The active profile (ProfileProblem when there is none)."""
        return self.profiles.load(self.profile_name)

    def default_service(self) -> Service:
        """The service for when none was named. That it is taken is said, because a key may go there (BadInput)."""
        service = services.parse(self.settings.default_service)
        self.terminal.say(f"no service was named, so it is {service.url}")
        return service

    def require_key(self) -> Secret:
        """The active profile's key (ProfileProblem when it has none)."""
        if self.profile.api_key is None:
            raise ProfileProblem(
                f"profile {self.profile.name!r} has no key", hint="Add it with `hmctl init --api-key -`."
            )
        return self.profile.api_key

    def public(self, service: Service) -> V1:
        """A client without credentials; one set of connections per service."""
        if service.url not in self._clients:
            transport = Transport(service, codes=self.codes, terminal=self.terminal, clock=self.clock)
            self._open.callback(transport.close)
            self._clients[service.url] = V1(transport)
        return self._clients[service.url]

    def admit(self, service: Service) -> ServiceTrust:
        """Puts the service through the gate, once per command (TrustRefused)."""
        if service.url not in self._admitted:
            trust = self.gate.admit(self.public(service), decide.policy_for(service, self.settings))
            self._admitted[service.url] = trust
            gate.announce(trust, self.terminal)
        return self._admitted[service.url]

    def guard(self, service: Service, key: Secret) -> Holder:
        """The last step before a key may go to a service: the gate, then the owner's compose pins (TrustRefused)."""
        holder = Holder(self.profile_name, service, key)
        self.pins.check(holder, self.admit(service))
        return holder

    def examine(self, service: Service) -> "Examined | NotReady":
        """The service's evidence after verification, whatever the user approved or switched off (TrustRefused).

        It is the same that `admit` decides on.
        """
        return self.gate.examine(self.public(service), decide.policy_for(service, self.settings))

    @property
    def demands(self) -> "Demands":
        """What the user demands of services (StoreDamaged when that cannot be read)."""
        return self.gate.demands

    @cached_property
    def gate(self) -> Gate:
        """What every service has to pass before it is told a secret."""
        return Gate(
            self.settings,
            clock=self.clock,
            terminal=self.terminal,
            store=self.trust_store,
            hardware=self._hardware,
        )

    def caller(self, service: Service, bearer: Secret) -> V1:
        """A client that presents `bearer`, to a service that passed the gate and the owner's compose pins."""
        holder = self.guard(service, bearer)
        client = self.public(service).as_caller(bearer)
        self.pins.keep_in_step(holder, client, self.admit(service))
        return client

    def owner(self) -> V1:
        """The active profile at its own service, behind the gate."""
        return self.caller(self.profile.service, self.require_key())
