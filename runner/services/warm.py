"""Making a worker ready before its first run: what is slow to start is started here."""

import logging

from django.db import DatabaseError

from agents.services import defaults
from agents.services.engine import engine
from runner.engine.errors import EngineError
from runner.scopefn.client import ScopeFunction
from runner.services import bridges

log = logging.getLogger(__name__)
WAITING_SANDBOXES = 2


def up() -> None:
    """Keep sandbox processes waiting, start the bridge, store the service's agents, look for the engine.

    Raises ScopeSandboxUnavailable.
    """
    ScopeFunction.prewarm(WAITING_SANDBOXES)
    bridges.bridge()
    try:
        defaults.register()
    except DatabaseError:
        log.warning("the agents of the service could not be stored; the first room that wants one tries again")
    try:
        engine().facts()
    except EngineError:
        log.warning("the container engine does not answer yet; runs will fail until it does")
