"""Which guest agent the settings name, and the keeper of its evidence."""

from pathlib import Path
from typing import Final

from attestation.server.guest import GuestAgent
from attestation.server.services.collecting import Source
from attestation.server.services.keeper import Keeper, Shared
from hivemind.kit.conf import conf
from hivemind.local.paths import layout

USUAL_SOCKETS: Final = (
    *("/var/run/dstack.sock", "/run/dstack.sock"),
    *("/var/run/dstack/dstack.sock", "/run/dstack/dstack.sock"),
)
MOST_CALL_SECONDS: Final = 10.0
CALLS: Final = 5  # of one collection, which all together may not exceed the operator's limit
_shared: Final = Shared()


def keeper() -> Keeper | None:
    """The keeper of this process's evidence. None: the operator asked for none."""
    if not conf.evidence.mode:
        return None
    return _shared.get(_terms(), _made)


def forget() -> None:
    """Stop collecting; the next use begins anew."""
    _shared.drop()


def development_socket() -> Path:
    """Where the stand-in of this state directory listens unless told otherwise."""
    return layout(conf.state_dir).socket_dir / "guest-agent.sock"


def endpoint() -> str:
    """The guest agent's address: as set, else the stand-in's in development, else the first usual socket there is."""
    if conf.evidence.dstack_endpoint:
        return conf.evidence.dstack_endpoint
    if conf.evidence.mode == "development":
        return str(development_socket())
    return next((path for path in USUAL_SOCKETS if Path(path).exists()), USUAL_SOCKETS[0])


def _terms() -> object:
    return (conf.evidence, conf.service.public_url, conf.service.port, conf.state_dir)


def call_seconds() -> float:
    """How long one call of the agent may take."""
    return min(MOST_CALL_SECONDS, conf.evidence.timeout_seconds / CALLS)


def _made() -> Keeper:
    agent = GuestAgent(endpoint(), call_seconds=call_seconds())
    return Keeper(Source(agent, "development" if conf.evidence.mode == "development" else "dstack"))
