"""Which agents the runs that have not ended use."""

from django.db.models import Q

from agents.models import Agent
from runner.models import Run


def uses(agent: Agent) -> bool:
    """Whether a run that has not ended uses the agent."""
    named = Q(scope_agent_id=agent.pk) | Q(query_agent_id=agent.pk) | Q(mediator_agent_id=agent.pk)
    return Run.objects.filter(named, tenant_id=agent.tenant_id, ended_at=None).exists()
