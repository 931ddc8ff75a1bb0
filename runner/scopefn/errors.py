"""What can be wrong with a scope function or with the place that it runs in."""


class ScopeFnInvalid(Exception):
    """The source is refused; ``reason`` is a sentence for the agent that wrote it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ScopeSandboxUnavailable(Exception):
    """This machine can't lock a process up (no seccomp, no libseccomp, ...), so no scope function may run
    on it.
    """


class SandboxBreach(Exception):
    """The locked process broke a limit, died or answered nonsense; it has been killed."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
