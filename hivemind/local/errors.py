"""What can go wrong while starting the local parts. Each message says what to do; none carries a secret."""


class LocalError(Exception):
    """A local part cannot be had or does not work. The text is meant for the person at the terminal."""


class Unreachable(LocalError):
    """The account that runs a service cannot enter the folder it needs."""


class NotReady(LocalError):
    """A service was started and did not become ready in time, or ended at once."""


class EngineMissing(LocalError):
    """There is no Docker engine and this machine does not let us provide one."""


class AlreadyRunning(LocalError):
    """Another supervisor of the same state directory is alive."""
