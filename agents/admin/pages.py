"""Clearing away agents that nobody can ever run again, after a look at which ones they are."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from agents.services import sweep
from agents.services.sweep import Orphan
from hivemind.kit import audit
from hivemind.kit.admin import columns
from hivemind.kit.admin.deeds import ReasonForm
from hivemind.kit.admin.operated import OperatedAdmin
from hivemind.kit.audit import Actor

MODEL = "agents_agent"
WHY = {
    "source_incomplete": "its stored source is incomplete",
    "source_changed": "its stored source is not what was uploaded",
    "source_unreadable": "nobody holds a key that opens its source",
}


def clear(page_of: OperatedAdmin, request: HttpRequest) -> HttpResponse:
    """Which agents are broken, and their end once a reason was given."""
    actor = Actor.operator(request.user.get_username())
    form = ReasonForm(request.POST if request.method == "POST" else None)
    back = columns.list_of(MODEL)
    if form.is_valid():
        gone = sum(orphan.deleted for orphan in sweep.sweep(actor=actor, dry_run=False))
        audit.record(actor, "operator.sweep", "agents", deleted=gone, reason=form.cleaned_data["reason"])
        messages.success(request, f"{columns.counted(gone, 'agent')} deleted.")
        return HttpResponseRedirect(back)
    found = sweep.sweep(actor=actor, dry_run=True)
    if not found:
        messages.info(request, "No agent is broken beyond repair.")
        return HttpResponseRedirect(back)
    return page_of.page(
        request,
        "hivemind/admin/form.html",
        title="Sweep broken agents",
        form=form,
        button="Delete them",
        dangerous=True,
        explains="These agents have no image, and none can be built from what is stored. Nobody can run them again.",
        losses=[_told(orphan) for orphan in found],
        back=back,
    )


def _told(orphan: Orphan) -> str:
    kept = f"; kept: {orphan.error}" if orphan.error else ""
    return f"{orphan.agent} of {orphan.agent.tenant.name}: {WHY[orphan.reason]}{kept}"
