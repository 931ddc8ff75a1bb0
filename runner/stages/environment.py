"""The environment of each stage's container, as the container contract names it."""

from hivemind.kit.conf import conf
from runner.stages.context import RunContext

BRIDGE_PORT = 8787
BRIDGE_URL = f"http://127.0.0.1:{BRIDGE_PORT}"
EMPTY_OUTPUT = "(Agent produced no output)"


def common(ctx: RunContext, name: str, *, token: str, max_tokens: int) -> dict[str, str]:
    """What every role gets: the bridge, the token, the budget, and the names that model SDKs look for."""
    stage = ctx.stage(name)
    agent = ctx.agents[stage.agent_id]
    variables = {
        "BRIDGE_URL": BRIDGE_URL,
        "SESSION_TOKEN": token,
        "AGENT_ROLE": name,
        "HIVEMIND_MODEL": stage.model if ctx.terms.provider else "",
        "BUDGET_MAX_TOKENS": str(max_tokens),
        "BUDGET_MAX_CALLS": str(stage.max_llm_calls),
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
        "HIVEMIND_SCOPE_QUERY_INSPECTION_MODE": "sealed" if terms.query_visibility == "sealed" else "full",
    }
    if terms.scope_mode != "fast":
        variables["HIVEMIND_SCOPE_ENABLE_SIMULATION_TOOLS"] = "true"
        variables["HIVEMIND_SCOPE_ENABLE_AGENT_FILE_TOOLS"] = "true"
    if ctx.vault:
        variables["HIVEMIND_SCOPE_ENABLE_ROOM_VAULT_TOOLS"] = "true"
    return variables


def query(ctx: RunContext, *, scope_source: str) -> dict[str, str]:
    """What only the query stage gets."""
    variables = {"RUN_ID": ctx.run.id, "SCOPE_FN_SOURCE": scope_source}
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
