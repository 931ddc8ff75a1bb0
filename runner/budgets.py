"""How a run's token budget flows through its stages (wire format, run budgets)."""

MEDIATOR_RESERVE = 30_000
MEDIATOR_MINIMUM = 128


def effective_tokens(requested: int | None, *, default: int, ceiling: int) -> int:
    """The whole run's budget: what was asked for or the default, never above the operator's ceiling."""
    return min(requested or default, ceiling)


def scope_tokens(effective: int) -> int:
    """The scope stage gets half, at least one."""
    return max(1, effective // 2)


def query_tokens(effective: int, *, used: int, mediated: bool) -> int:
    """What is left for the query stage after the mediator's reserve."""
    remaining = max(1, effective - used)
    return remaining - mediator_reserve(remaining) if mediated else remaining


def mediator_reserve(remaining: int) -> int:
    """30 percent of what remains, at most 30,000 and at least 128, where 128 can be spared at all."""
    if remaining <= MEDIATOR_MINIMUM:
        return 0
    return min(max(min(MEDIATOR_RESERVE, remaining * 3 // 10), MEDIATOR_MINIMUM), remaining - MEDIATOR_MINIMUM)


def mediator_tokens(effective: int, *, used: int) -> int | None:
    """What is left for the mediator, None when it is too little to work with."""
    remaining = max(1, effective - used)
    return remaining if remaining >= MEDIATOR_MINIMUM else None


def stage_caps(effective: int, *, mediated: bool) -> dict[str, int]:
    """The most tokens that each stage can use, whatever the others leave; together they use at most `effective`."""
    caps = {"scope": scope_tokens(effective), "query": query_tokens(effective, used=0, mediated=mediated)}
    return caps | {"mediator": mediator_tokens(effective, used=0) or 0} if mediated else caps
