"""The program: its first argument names a family of attempts or one behaviour; it prints what came of it as JSON."""

import importlib
import json
import sys

FAMILIES = ("kernel_calls", "places", "bridge_floods", "bridge_forgeries")


def main(name: str) -> None:
    """Carry out a family one by one, or a behaviour that says itself what it prints."""
    if name in FAMILIES:
        trying = importlib.import_module("tests.hostile.agent.trying")
        family = importlib.import_module(f"tests.hostile.agent.{name}")
        print(json.dumps({attempt: trying.apart(do) for attempt, do in family.ATTEMPTS.items()}))
        return
    module, _, behaviour = name.partition(":")
    getattr(importlib.import_module(f"tests.hostile.agent.{module}"), behaviour)()


if __name__ == "__main__":
    main(sys.argv[1])
