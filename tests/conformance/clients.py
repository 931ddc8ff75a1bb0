"""The clients that the harness can speak to. Another one needs an adapter here; see README.md."""

from collections.abc import Callable

from tests.conformance.adapter import Adapter, Runs
from tests.conformance.hmctl_adapter import Hmctl

ADAPTERS: dict[str, Callable[[Runs], Adapter]] = {"hmctl": Hmctl}
