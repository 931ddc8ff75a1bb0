"""The environment of each stage's container, as the container contract names it."""

from dataclasses import fields

from hivemind.kit.conf import conf
from hivemind.settings.schema import PREFIX
from runner.bridge.budget import Budget
from runner.bridge.sessions import Rehearsal
from runner.rowpolicies.decision import SHOW_ALL
from runner.stages.context import RunContext

BRIDGE_PORT = 8787
BRIDGE_URL = f"http://127.0.0.1:{BRIDGE_PORT}"


def common(ctx: RunContext, name: str, *, token: str, max_tokens: int, max_calls: int | None = None) -> dict[str, str]:
    """What every role gets: the bridge, the token, the budget, and the names that model SDKs look for.

    `max_calls` is for who gets fewer than the stage.
    """
    stage = ctx.stage(name)
    agent = ctx.agents[stage.agent_id]
    variables = {
        "BRIDGE_URL": BRIDGE_URL,
        "SESSION_TOKEN": token,
        "AGENT_ROLE": name,
        "HIVEMIND_MODEL": stage.model if ctx.terms.provider else "",
        "BUDGET_MAX_TOKENS": str(max_tokens),
        "BUDGET_MAX_CALLS": str(stage.max_llm_calls if max_calls is None else max_calls),
        "OPENAI_BASE_URL": f"{BRIDGE_URL}/v1",
        "OPENAI_API_KEY": token,
        "ANTHROPIC_BASE_URL": BRIDGE_URL,
        "ANTHROPIC_API_KEY": token,
    }
    if agent.harness == "hermes":
        variables["HIVEMIND_AGENT_ROLE"] = name
    return variables


def scope(ctx: RunContext) -> dict[str, str]:
    """What only the scope stage gets."""
    terms = ctx.terms
    variables = {
        "QUERY_PROMPT": ctx.prompt or "analyse data",
        "QUERY_AGENT_ID": terms.query.agent_id,
        "POLICY_CONTEXT": terms.policy,
        "HIVEMIND_SCOPE_MODE": terms.scope_mode,
        "HIVEMIND_SCOPE_MODE_REASON": terms.scope_mode_reason,
        "HIVEMIND_SCOPE_QUERY_INSPECTION_MODE": "sealed" if ctx.query_sealed else "full",
    }
    if terms.scope_mode != "fast":
        variables["HIVEMIND_SCOPE_ENABLE_SIMULATION_TOOLS"] = "true"
        variables["HIVEMIND_SCOPE_ENABLE_AGENT_FILE_TOOLS"] = "true"
    if terms.require_row_policies:
        variables["HIVEMIND_SCOPE_REQUIRE_ROW_POLICIES"] = "true"
    if ctx.vault:
        variables["HIVEMIND_SCOPE_ENABLE_ROOM_VAULT_TOOLS"] = "true"
    return variables | _hints()


def _hints() -> dict[str, str]:
    """What the operator has scope agents told, which wins over what the run calls for. The bridge heeds none of it."""
    hints = conf.scope_hints
    told = {f"{PREFIX}{hint.metadata['name']}": getattr(hints, hint.name) for hint in fields(hints)}
    return {name: value for name, value in told.items() if value}


def simulated(ctx: RunContext, rehearsal: Rehearsal, *, budget: Budget, token: str) -> dict[str, str]:
    """Everything that a simulated query gets: what the query stage would, but for the run's id."""
    shared = common(ctx, "query", token=token, max_tokens=budget.max_tokens, max_calls=budget.max_calls)
    return shared | {
        "QUERY_PROMPT": rehearsal.prompt,
        "SCOPE_FN_SOURCE": rehearsal.candidate.scope_fn_source or SHOW_ALL,
    }


def query(ctx: RunContext, *, scope_source: str, takes_files: bool) -> dict[str, str]:
    """What only the query stage gets."""
    variables = {
        "RUN_ID": ctx.run.id,
        "SCOPE_FN_SOURCE": scope_source,
        "HIVEMIND_QUERY_UPLOAD_ARTIFACTS": "true" if takes_files else "false",
    }
    if ctx.prompt:
        variables["QUERY_PROMPT"] = ctx.prompt
    return variables


def mediator(ctx: RunContext, *, raw_output: str) -> dict[str, str]:
    """What only the mediator gets."""
    return {
        "QUERY_PROMPT": ctx.prompt,
        "RAW_OUTPUT": raw_output,
        "MEDIATION_POLICY": ctx.terms.policy,
        "HIVEMIND_MEDIATOR_ALWAYS_LLM": "true" if conf.llm.mediator_always_llm else "false",
    }
