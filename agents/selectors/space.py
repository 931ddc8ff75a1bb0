"""How much of the service's disk each tenant fills with packages and images."""

from dataclasses import dataclass

from django.db import connection

MOST = 100
_SQL = """
WITH images AS (
    SELECT tenant_id, image_id, max(image_bytes) AS bytes FROM agents_agent
    WHERE image_id <> '' AND (%(tenant)s = '' OR tenant_id = %(tenant)s) GROUP BY tenant_id, image_id
), of_images AS (
    SELECT tenant_id, count(*) AS images, sum(bytes) AS bytes FROM images GROUP BY tenant_id
), of_agents AS (
    SELECT tenant_id, count(*) AS agents, sum(source_bytes) AS bytes FROM agents_agent
    WHERE %(tenant)s = '' OR tenant_id = %(tenant)s GROUP BY tenant_id
)
SELECT a.tenant_id, t.name, a.agents, a.bytes::bigint, coalesce(i.images, 0), coalesce(i.bytes, 0)::bigint
FROM of_agents a JOIN tenants_tenant t ON t.id = a.tenant_id LEFT JOIN of_images i ON i.tenant_id = a.tenant_id
ORDER BY 6 DESC, 4 DESC, 1 LIMIT %(most)s
"""


@dataclass(frozen=True)
class Space:
    """What one tenant fills. Equal uploads share an image, which is counted once; layers that differing images share
    are counted for each of them, because the engine tells no more.
    """

    tenant_id: str
    name: str
    agents: int
    source_bytes: int
    images: int
    image_bytes: int


def by_tenant(*, most: int = MOST) -> list[Space]:
    """The tenants with the largest images, and then sources, first."""
    return _asked("", most)


def of(tenant_id: str) -> Space:
    """What one tenant fills."""
    return next(iter(_asked(tenant_id, 1)), Space(tenant_id, "", 0, 0, 0, 0))


def _asked(tenant_id: str, most: int) -> list[Space]:
    with connection.cursor() as cursor:
        cursor.execute(_SQL, {"tenant": tenant_id, "most": most})
        return [Space(*row) for row in cursor.fetchall()]
