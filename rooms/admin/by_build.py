"""Which rooms refuse the build that runs: whom a new build locked out, or would."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from attestation.server import signer
from attestation.server.selectors import builds as seen
from hivemind.kit.admin import columns
from hivemind.kit.admin.deeds import WholePage
from hivemind.kit.admin.panels import Panel
from rooms.selectors import builds
from rooms.selectors.builds import Choosy

MOST: Final = 500
EXPLAINS: Final = (
    "Rooms in force whose owners accept only builds that they name. Questions to a room that does not accept the "
    "running build are refused until its owner approves it with hmctl room trust ROOM --approve-live, or a build runs "
    "that the room names."
)


def page(admin: Any, request: HttpRequest) -> HttpResponseBase:
    """Every such room, those that refuse first."""
    live = signer.compose_hash()
    found = builds.examined(live, most=MOST)
    named = {compose for each in found if each.trust for compose in each.trust.allowed_composes}
    ran = seen.last_seen(named)
    refusing = sum(bool(each.refusal) for each in found)
    running = columns.code(live) if live else "not known: there is no evidence, so these rooms refuse every question"
    return admin.page(  # type: ignore[no-any-return]
        request,
        "hivemind/admin/report.html",
        title="Rooms by build",
        content_title="Rooms by build",
        opts=None,  # a page about the service and not about a table
        explains=EXPLAINS,
        panels=[
            Panel(
                "Now",
                facts=[
                    ("Running build", running),
                    ("Rooms that refuse it", columns.number(refusing)),
                    ("Rooms that accept it", columns.number(len(found) - refusing)),
                ],
            ),
            Panel(
                f"The newest {MOST} rooms that name builds" if len(found) == MOST else "Rooms that name builds",
                headers=("Room", "Tenant", "Trust", "Running build", "Builds named", "Of these ran last"),
                rows=[_line(each, ran) for each in found],
                empty="Every room in force follows its operator's updates.",
            ),
        ],
    )


PAGE: Final = WholePage("by_build", "Rooms by build", page, icon="rule", needs="view")


def _line(found: Choosy, ran: Mapping[str, datetime]) -> tuple[object, ...]:
    room, trust = found.room, found.trust
    composes = trust.allowed_composes if trust else ()
    last = max((compose for compose in composes if compose in ran), key=lambda compose: ran[compose], default="")
    return (
        columns.row("rooms_room", room.pk, room.name or room.pk),
        columns.row("tenants_tenant", room.tenant_id, room.tenant.name),
        trust.mode.replace("_", " ") if trust else columns.badge("danger", "does not verify"),
        columns.badge("danger", "refused") if found.refusal else columns.badge("success", "accepted"),
        columns.number(len(composes)),
        columns.stacked(columns.code(last, characters=16), columns.ago(ran[last])) if last else "none of them",
    )
