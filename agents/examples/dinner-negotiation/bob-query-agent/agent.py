"""Bob's query agent: holds his calendar, reads Alice's free slots, and proposes one time that suits both.

His other slots never leave it: the model is told the proposal alone, and what it writes is used only when it says the
proposed time. So the answer is the same with and without a model, but for its wording.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from hivemind_agent import AgentError, Bridge, Denied, read_input
from hivemind_agent.texts import visible
from slots import common, read_slots

SQL = "SELECT start_time, end_time, status FROM calendar ORDER BY start_time"
LONGEST_LINE = 300


def worded(bridge: Bridge, proposal: str, likes: list[str]) -> str:
    """The proposal in one friendly line."""
    plain = f"Dinner on {proposal}. Bob would like {' or '.join(likes)} food." if likes else f"Dinner on {proposal}."
    ask = f"Say this in one friendly line to Alice, keeping the date and the times as they are: {plain}"
    try:
        text = visible(bridge.chat([{"role": "user", "content": ask}], max_tokens=1500)).strip()
    except AgentError as problem:
        print(f"No model: {problem}", file=sys.stderr)
        return plain
    fits = proposal in text and len(text) <= LONGEST_LINE and "\n" not in text
    return text if fits else plain


def main() -> int:
    """Print the proposal, or that there is none."""
    bob = json.loads(Path(__file__).with_name("bob.json").read_text(encoding="utf-8"))
    try:
        bridge = Bridge.from_environment()
        alice = read_slots(bridge.execute_sql(SQL), "start_time", "end_time")
        shared = common(read_slots(bob["free"], "start", "end"), alice)
        wish = read_input("QUERY_PROMPT", "").lower()
        shared = [slot for slot in shared if f"{slot.start:%A}".lower() in wish] or shared
        print(worded(bridge, str(shared[0]), bob["likes"]) if shared else "There is no evening that suits both.")
    except Denied as refusal:
        print(f"Alice's room does not tell when she is free: {refusal.reason}")
    except AgentError as problem:
        print(f"No answer: {problem}", file=sys.stderr)
        print("No time could be proposed.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
