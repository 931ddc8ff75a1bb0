"""How much of the service's disk one tenant, one room and one participant may fill with packages."""

from django.db import connection
from django.db.models import QuerySet, Sum

from agents.errors import TooManyAgents, TooManyUploads, TooMuchSource
from agents.models import Agent
from agents.packages.limits import MIB
from hivemind.kit.conf import conf

_LOCK = 0x61676E74  # any number that nobody else takes


def check(agent: Agent) -> None:
    """Raise TooManyUploads, TooManyAgents or TooMuchSource unless there is room for this one too.

    Call it in the transaction that inserts the agent: uploads of one tenant wait for each other there.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [_LOCK, agent.tenant_id])
    limits, of_tenant = conf.uploads, Agent.objects.filter(tenant_id=agent.tenant_id)
    if agent.is_brought:
        of_room = of_tenant.filter(room_id=agent.room_id)
        mine = of_room.filter(uploader_token_id=agent.uploader_token_id)
        if _full(mine, limits.per_guest) or _full(of_room, limits.per_room):
            raise TooManyUploads
    if _full(of_tenant, limits.agents_per_tenant):
        raise TooManyAgents
    taken = of_tenant.order_by().aggregate(bytes=Sum("source_bytes"))["bytes"] or 0
    if taken + agent.source_bytes > limits.source_mb_per_tenant * MIB:
        raise TooMuchSource


def _full(rows: QuerySet[Agent], limit: int) -> bool:
    return rows.order_by().count() >= limit
