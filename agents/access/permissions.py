"""Who may do what with an agent that they see."""

from agents.models import Agent
from hivemind.kit.errors import Denied
from tenants.principals import Owner, Principal


def is_uploader(principal: Principal, agent: Agent) -> bool:
    """Whether the package came from this caller: the tenant's own from its owner, any other from one invite."""
    if isinstance(principal, Owner):
        return agent.tenant_id == principal.tenant.pk and not agent.uploader_token_id
    return agent.room_id == principal.room_id and agent.uploader_token_id == principal.token_id


def check_may_delete(principal: Principal, agent: Agent) -> None:
    """Raise Denied unless the caller owns the tenant, or brought the package."""
    if not isinstance(principal, Owner) and not is_uploader(principal, agent):
        raise Denied
