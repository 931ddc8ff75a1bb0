"""What the landing page counts, in one query for all that somebody may see."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from django.db.models import Count as Total
from django.db.models import Min, Q, Sum
from django.db.models.functions import Extract

from agents.admin import builds
from agents.models import Agent, ImageBuild
from billing.admin import holds
from billing.models import Hold
from hivemind.kit.admin.tallies import NOTHING, Tallied, Tally, tallied
from rooms.models import Room
from rooms.selectors.rooms import in_force
from runner.admin import overview, states
from runner.models import Run
from tenants.models import Tenant

May = Callable[[str], bool]


@dataclass(frozen=True)
class Counts:
    """Numbers by what was counted; what was not counted is none."""

    found: Mapping[str, Mapping[str, Tallied]]

    def of(self, name: str, part: str = "") -> Tallied:
        """One count."""
        return self.found.get(name, {}).get(part, NOTHING)

    def by_part(self, name: str) -> Mapping[str, Tallied]:
        """The counts of each part, those that are not nothing."""
        return self.found.get(name, {})


def counted(may: May) -> Counts:
    """Everything that this person may see, counted."""
    return Counts(tallied(_tallies(may)))


def _tallies(may: May) -> Iterator[Tally]:
    if may("runner.view_run"):
        runs = Run.objects.all()
        yield Tally("runs", overview.asked_lately(runs), Total("pk", filter=Q(ended_at=None)), by="status")
        yield Tally("waiting runs", states.waiting_long(runs), Extract(Min("created_at"), "epoch"))
        yield Tally("failed runs", states.failed_lately(runs), by="failure_code")
    if may("agents.view_imagebuild"):
        yield Tally("failed builds", builds.failed_lately(ImageBuild.objects.all()))
        yield Tally("stuck builds", builds.stuck(ImageBuild.objects.all()))
    if may("billing.view_hold"):
        yield Tally("long holds", holds.standing_long(Hold.objects.all()), Sum("amount_micro_usd"))
    if may("rooms.view_room"):
        yield Tally("rooms", Room.objects.all(), Total("pk", filter=in_force()))
    if may("tenants.view_tenant"):
        yield Tally("tenants", Tenant.objects.all(), Total("pk", filter=~Q(suspended_at=None)))
    if may("agents.view_agent"):
        yield Tally("agents", Agent.objects.all(), Total("pk", filter=~Q(image_id="")))
