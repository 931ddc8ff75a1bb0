"""The scope agent that a room gets by default: the room's model writes the filter, checks decide, and when in doubt
nothing is shown.

It ends well in every case and always prints a function: a run without one would fail, a wrong one would leak.
"""

from __future__ import annotations

import json
import sys

from author import NotWritten, write_function
from closed import CLOSED, WITHOUT_RULES
from hivemind_agent import AgentError, Bridge, read_input


def decide() -> str:
    """The source of the function. Raises NotWritten and what the bridge raises."""
    bridge = Bridge.from_environment()
    policy = read_input("POLICY_CONTEXT", "").strip()
    if policy:
        return write_function(bridge, policy).source
    verdict = bridge.verify_scope_fn(WITHOUT_RULES)
    if verdict.get("compiles") is not True:
        raise NotWritten(str(verdict.get("compile_error")))
    return WITHOUT_RULES


def main() -> int:
    """Print the function as one line of JSON."""
    try:
        source = decide()
    except (AgentError, NotWritten) as problem:
        print(f"Nothing will be shown: {problem}", file=sys.stderr)
        source = CLOSED
    except Exception as problem:  # noqa: BLE001 - whatever happens, a room must not be left without its filter
        print(f"Nothing will be shown: {type(problem).__name__}", file=sys.stderr)
        source = CLOSED
    print(json.dumps({"scope_fn": source}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
