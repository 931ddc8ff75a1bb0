"""The one bridge of this process."""

import threading

from runner.bridge.server import Bridge

_lock = threading.Lock()
_bridge: Bridge | None = None


def bridge() -> Bridge:
    """The running bridge, started at first use."""
    global _bridge
    with _lock:
        if _bridge is None:
            _bridge = Bridge()
            _bridge.start()
        return _bridge
