"""Pages that make or change one tenant. A new owner key is part of one answer and of nothing that is kept."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from hivemind.kit import audit
from hivemind.kit.admin import columns, panels
from hivemind.kit.admin.operated import OperatedAdmin
from hivemind.kit.audit import Actor
from hivemind.kit.errors import DomainError
from tenants.admin.forms import CreateForm, DeleteForm, RenameForm, ResetForm
from tenants.models import ApiKey, Tenant
from tenants.services import api_keys, tenants

MODEL = "tenants_tenant"
STALE = "The key was replaced after this page was opened. Nothing was done; read the page again."
# Each option: its form field, what it always means, and what happens without it.
OPTIONS = (
    (
        "clear_seal",
        "The tenant gets a new root key and a new room-signing key. What only the old root key opened is deleted, for "
        "good, even if the old owner key turns up again.",
        "The tenant is sealed until its owner presents the old key once more; nothing is deleted.",
    ),
    (
        "revoke_capabilities",
        "Everybody who was invited loses access, and their running work is stopped.",
        "Invites and share links stay valid, also those that a thief may have made.",
    ),
)


def create(page_of: OperatedAdmin, request: HttpRequest) -> HttpResponse:
    """The form for a new tenant, and its key in the answer to it."""
    form = CreateForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            made = tenants.create(form.cleaned_data["name"], actor=_actor(request))
        except DomainError as error:
            form.add_error("name", str(error))
        else:
            return _shown_once(page_of, request, made.tenant, made.api_key, title="Tenant created")
    return page_of.page(
        request,
        "hivemind/admin/form.html",
        title="New tenant",
        form=form,
        button="Create tenant",
        explains="A database of its own is made, and an owner key that is shown once on the next page.",
        back=columns.list_of(MODEL),
    )


def rename(page_of: OperatedAdmin, request: HttpRequest, tenant: Tenant) -> HttpResponse:
    """The form for another name."""
    form = RenameForm(request.POST if request.method == "POST" else None, initial={"name": tenant.name})
    back = columns.page_of(MODEL, tenant.pk)
    if form.is_valid():
        try:
            tenants.rename(tenant.pk, form.cleaned_data["name"], actor=_actor(request))
        except DomainError as error:
            form.add_error("name", str(error))
        else:
            messages.success(request, "The tenant was renamed.")
            return HttpResponseRedirect(back)
    return page_of.page(
        request, "hivemind/admin/form.html", title="Rename", form=form, button="Rename", original=tenant, back=back
    )


def reset(page_of: OperatedAdmin, request: HttpRequest, tenant: Tenant) -> HttpResponse:
    """What a new key will cost, and the key in the answer once that was confirmed."""
    living = ApiKey.objects.filter(tenant=tenant, retired_at=None).values_list("token_id", flat=True).first() or ""
    form = ResetForm(request.POST if request.method == "POST" else None, initial={"replaces": living})
    if form.is_valid():
        made = _reset(request, tenant, form.cleaned_data)
        if made is not None:
            return _shown_once(page_of, request, tenant, made.api_key, title="Owner key reset", made=made)
        form.add_error(None, STALE)
    return page_of.page(
        request,
        "hivemind/admin/reset_key.html",
        title="Reset owner key",
        form=form,
        original=tenant,
        living=living,
        options=[_option(form, tenant, *option) for option in OPTIONS],
        back=columns.page_of(MODEL, tenant.pk),
    )


def delete(page_of: OperatedAdmin, request: HttpRequest, tenant: Tenant) -> HttpResponse:
    """What ends with a tenant, and the end once its name was typed.

    Dropping the database cannot be undone by a transaction, so the service is called outside of one.
    """
    form = DeleteForm(request.POST if request.method == "POST" else None, tenant_name=tenant.name)
    if form.is_valid():
        actor = _actor(request)
        try:
            tenants.delete(tenant.pk, actor=actor)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            reason = form.cleaned_data["reason"]
            audit.record(actor, "operator.delete", tenant.pk, tenant_id=tenant.pk, reason=reason)
            messages.success(request, f"{tenant.name} was deleted.")
            return HttpResponseRedirect(columns.list_of(MODEL))
    return page_of.page(
        request,
        "hivemind/admin/form.html",
        title="Delete",
        form=form,
        button="Delete for good",
        dangerous=True,
        follows=(
            "Every credential of the tenant is refused and its work is stopped.",
            "Its database is dropped, and its rooms, agents and runs are deleted with it, for good.",
            "What is in the books and in the trail stays.",
        ),
        losses=panels.losses("tenants.delete", tenant),
        original=tenant,
        back=columns.page_of(MODEL, tenant.pk),
    )


def _reset(request: HttpRequest, tenant: Tenant, chosen: dict[str, Any]) -> api_keys.ResetKey | None:
    """The new key; None when the page was about a key that is not the living one any more."""
    actor = _actor(request)
    with transaction.atomic():
        tenants.locked(tenant.pk)
        living = ApiKey.objects.filter(tenant=tenant, retired_at=None).values_list("token_id", flat=True)
        if chosen["replaces"] not in living and (chosen["replaces"] or living):
            return None
        made = api_keys.reset(
            tenant.pk,
            actor=actor,
            clear_seal=chosen["clear_seal"],
            revoke_capabilities=chosen["revoke_capabilities"],
        )
        audit.record(actor, "operator.reset_key", tenant.pk, tenant_id=tenant.pk, reason=chosen["reason"])
    return made


def _option(form: ResetForm, tenant: Tenant, name: str, meaning: str, otherwise: str) -> dict[str, Any]:
    return {
        "field": form[name],
        "meaning": meaning,
        "otherwise": otherwise,
        "losses": panels.losses(f"tenants.reset_key.{name}", tenant),
    }


def _shown_once(
    page_of: OperatedAdmin, request: HttpRequest, tenant: Tenant, api_key: str, **context: Any
) -> HttpResponse:
    answer = page_of.page(
        request,
        "hivemind/admin/key.html",
        original=tenant,
        api_key=api_key,
        next=columns.page_of(MODEL, tenant.pk),
        **context,
    )
    answer["Cache-Control"] = "no-store"
    return answer.render()


def _actor(request: HttpRequest) -> Actor:
    return Actor.operator(request.user.get_username())
