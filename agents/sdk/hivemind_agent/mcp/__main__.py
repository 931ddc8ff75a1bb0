"""Serve until standard input ends."""

from __future__ import annotations

import sys

from hivemind_agent import AgentError
from hivemind_agent.mcp.offer import from_environment
from hivemind_agent.mcp.server import serve


def main() -> int:
    """Standard output carries the protocol and nothing else; what goes wrong is said on standard error."""
    try:
        offer = from_environment()
    except AgentError as problem:
        print(f"No tools can be offered: {problem}", file=sys.stderr)
        return 1
    serve(sys.stdin.buffer, sys.stdout.buffer, offer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
