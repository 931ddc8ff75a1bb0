"""The scope agent that a room gets by default: the room's model writes the filter, checks decide, and when in doubt
nothing is shown.

It ends well in every case and always prints a function: a run without one would fail, a wrong one would leak.
"""

from __future__ import annotations

import json
import sys

from author import NotWritten, knows_policies, write_function
from closed import CLOSED, WITHOUT_RULES, policies_without_rules
from hivemind_agent import AgentError, Bridge, read_input

NOTHING: dict[str, object] = {"scope_fn": CLOSED, "row_policies": {}}


def decide() -> dict[str, object]:
    """What to print. Raises NotWritten and what the bridge raises."""
    bridge = Bridge.from_environment()
    policy = read_input("POLICY_CONTEXT", "").strip()
    return write_function(bridge, policy).printed() if policy else without_rules(bridge)


def without_rules(bridge: Bridge) -> dict[str, object]:
    """Everything but secrets, kept in both ways where the service knows both.

    Raises NotWritten and what the bridge raises.
    """
    verdict = bridge.verify_scope_fn(WITHOUT_RULES)
    if verdict.get("compiles") is not True:
        raise NotWritten(str(verdict.get("compile_error")))
    printed: dict[str, object] = {"scope_fn": WITHOUT_RULES}
    if not knows_policies(bridge):
        return printed
    policies = policies_without_rules(bridge.get_schema())
    told = bridge.verify_row_policies(policies)
    if told.get("valid") is not True:
        raise NotWritten(str(told.get("error")))
    printed["row_policies"] = policies
    return printed


def main() -> int:
    """Print the function and the row policies as one line of JSON."""
    try:
        printed = decide()
    except (AgentError, NotWritten) as problem:
        print(f"Nothing will be shown: {problem}", file=sys.stderr)
        printed = NOTHING
    except Exception as problem:  # noqa: BLE001 - whatever happens, a room must not be left without its filter
        print(f"Nothing will be shown: {type(problem).__name__}", file=sys.stderr)
        printed = NOTHING
    print(json.dumps(printed))
    return 0


if __name__ == "__main__":
    sys.exit(main())
