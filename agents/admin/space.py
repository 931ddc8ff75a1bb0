"""Who fills the service's disk with packages and images, against what each tenant may."""

from typing import Any, Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from agents.packages.limits import MIB
from agents.selectors import space
from agents.selectors.space import Space
from hivemind.kit.admin import columns
from hivemind.kit.admin.deeds import WholePage
from hivemind.kit.admin.panels import Panel
from hivemind.kit.conf import conf

EXPLAINS: Final = (
    "Equal uploads of one tenant share an image, which is counted once. Layers that different images share, such as "
    "the base, are counted for each of them, so the engine's disk holds less than the sum. Images beyond a tenant's "
    "number go by themselves, those not used for longest first, and are built again when they are needed."
)


def facts(used: Space) -> list[tuple[str, object]]:
    """What one tenant fills, against what it may."""
    limits = conf.uploads
    return [
        ("Agents", f"{columns.number(used.agents)} of {columns.number(limits.agents_per_tenant)}"),
        ("Source", f"{columns.size(used.source_bytes)} of {columns.size(limits.source_mb_per_tenant * MIB)}"),
        ("Images kept", f"{columns.number(used.images)} of {columns.number(limits.images_per_tenant)}"),
        ("Images together", columns.size(used.image_bytes)),
    ]


def page(admin: Any, request: HttpRequest) -> HttpResponseBase:
    """The tenants, who fills most first."""
    rows = [
        (
            columns.row("tenants_tenant", used.tenant_id, used.name),
            *(value for _, value in facts(used)),
            columns.link(columns.list_of("agents_agent", q=used.tenant_id), "its agents"),
        )
        for used in space.by_tenant()
    ]
    return admin.page(  # type: ignore[no-any-return]
        request,
        "hivemind/admin/report.html",
        title="Space used",
        content_title="Space used",
        opts=None,  # a page about the service and not about a table
        explains=EXPLAINS,
        panels=[
            Panel(
                "By tenant, the largest images first",
                headers=("Tenant", "Agents", "Source", "Images kept", "Images together", ""),
                rows=rows,
                empty="Nobody has uploaded anything.",
            )
        ],
    )


PAGE: Final = WholePage("space", "Space used", page, icon="hard_drive", needs="view")
