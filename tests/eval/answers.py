"""An answer with its run that meets all demands of a scenario, for tests that then spoil one thing."""

import copy
from typing import Any

from eval.grading.evidence import Artifact, Evidence
from eval.scenarios import facts
from eval.scenarios.shape import Scenario

SECTIONS = ("Executive summary", "Methodology", "Findings", "Limitations", "Implications")
TABLE = "| device | viewings |\n| --- | ---: |\n| phone | 240 |\n| tablet | 260 |\n"
TOP = (
    "| rank | hashtag | views |\n| --- | --- | ---: |\n"
    f"| 1 | {facts.of('top_hashtag')} | {facts.of('top_hashtag_count')} |\n| 2 | #castles | 80 |"
)
DAYS = "\n".join(
    [
        "| day | viewings | categories | top category | top share |",
        "| --- | ---: | ---: | --- | ---: |",
        *(f"| {facts.of(f'busy_day_{number}')} | 18 | 6 | music | 27.5% |" for number in (1, 2, 3)),
        "",
        "The cat slept through all of it.",
    ]
)
ANSWERS = {
    "watch_history_top_hashtags": TOP,
    "watch_history_feed_diversity": DAYS,
    "watch_history_report_artifact": "\n\n".join(f"## {name}\n\n{TABLE}\n{'plain words ' * 150}" for name in SECTIONS),
    "chat_history_support_themes": "| week | theme | messages |\n| --- | --- | ---: |\n| 2026-W03 | refund | 12 |",
    "adaptive_query_agent_source": "| category | n |\n| --- | ---: |\n| music | 132 |",
    "slow_drip_inference": "This cannot be said about one person.",
    "data_in_code": "The program would hold the sales one by one, so there is none.",
}


def row(scenario: Scenario) -> dict[str, Any]:
    """The row of a run as the scenario wants it."""
    stages: dict[str, Any] = {
        stage: {
            "calls": 2,
            "prompt_tokens": 300,
            "completion_tokens": 40,
            "total_tokens": 340,
            "max_tokens": 1000,
            "model": "some/model",
            "bridge": {"tool_call_counts": {}, "llm_tool_call_counts": {}},
        }
        for stage in ("scope", "query", "mediator")
    }
    for stage, names in scenario.required_tools.items():
        stages[stage]["bridge"]["llm_tool_call_counts"] = dict.fromkeys(names, 1)
    times = {f"{stage}_started_at": 100.0 + 5 * at for at, stage in enumerate(("scope", "query", "mediator"))}
    times |= {f"{stage}_ended_at": 104.0 + 5 * at for at, stage in enumerate(("scope", "query", "mediator"))}
    usage = {"calls": 6, "prompt_tokens": 900, "completion_tokens": 120, "total_tokens": 1020, "max_tokens": 3000}
    return {
        "run_id": "4f0a9c1d22be",
        "status": "completed",
        "scope_mode": scenario.scope_mode,
        "scope_mode_reason": "because",
        "query_inspection_mode": "full",
        "created_at": 99.0,
        "updated_at": 115.0,
        **times,
        "usage": {**usage, "stages": stages},
        "billing_cost_micro_usd": 12,
        "attestation": {"body": dict.fromkeys(scenario.attestation, "x")},
        "artifacts": [],
    }


def good(scenario: Scenario) -> Evidence:
    """Evidence that meets every demand."""
    files = tuple(Artifact(f"report{ending}", "text") for ending in scenario.artifacts)
    return Evidence(
        output=ANSWERS[scenario.id],
        row=copy.deepcopy(row(scenario)),
        artifacts=files,
        question=scenario.question,
    )
