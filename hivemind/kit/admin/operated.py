"""Model admins with deeds: every one checked for permission, asked about, explained, done by a service and recorded."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode

from hivemind.kit import audit
from hivemind.kit.admin import columns, panels
from hivemind.kit.admin.bases import ShownAdmin, key_in
from hivemind.kit.admin.deeds import Act, Button, Deed, OwnPage, ReasonForm, WholePage
from hivemind.kit.admin.theme import ThemedAdmin
from hivemind.kit.audit import Actor
from hivemind.kit.errors import DomainError

AT_ONCE = 100


class Operates(ThemedAdmin):
    """What makes deeds of a model admin: `deeds` can be done to several rows, `pages` to one, `whole` to all."""

    deeds: tuple[Deed, ...] = ()
    pages: tuple[OwnPage, ...] = ()
    whole: tuple[WholePage, ...] = ()

    def __init__(self, model: Any, admin_site: Any) -> None:
        super().__init__(model, admin_site)
        for act in (*self.acts, *self.whole):
            setattr(self, act.name, self._button(act))
        self.actions_detail = tuple(act.name for act in self.acts)
        self.actions_list = tuple(page.name for page in self.whole)

    @property
    def acts(self) -> tuple[Deed | OwnPage, ...]:
        """Everything that can be done to rows here."""
        return (*self.pages, *self.deeds)

    def may(self, request: HttpRequest, act: Act) -> bool:
        """Whether this person may do `act`: it says which permission it needs."""
        return bool(request.user.has_perm(f"{self.opts.app_label}.{act.needs}_{self.opts.model_name}"))

    def tenant_of(self, row: Any) -> str:
        """The tenant that a deed concerns."""
        return str(row.tenant_id)

    def subject_of(self, row: Any) -> str:
        """How the trail names a row."""
        return str(row.pk)

    def get_urls(self) -> list[URLPattern]:
        """Pages for deeds to several rows at once, beside the usual ones."""
        several = [
            path(f"do/{deed.name}/", self.admin_site.admin_view(self._several(deed)), name=self._url_name(deed))
            for deed in self.deeds
        ]
        return [*several, *super().get_urls()]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """The deeds that this person may do."""
        mine = {d.name: (self._choice(d), d.name, d.title) for d in self.deeds if self.may(request, d)}
        return {**super().get_actions(request), **mine}

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """The buttons of what this person may do and what makes sense for the row."""
        mine = [act for act in self.acts if self.may(request, act)]
        row = self.get_object(request, key_in(object_id)) if mine else None
        if row is None:
            return []
        sensible = [act for act in mine if not isinstance(act, Deed) or act.applies(row)]
        names = {self.get_unfold_name(act.name) for act in sensible}
        buttons: list[Any] = super().get_actions_detail(request, object_id)  # type: ignore[misc]
        return [button for button in buttons if button.action_name in names]

    def get_actions_list(self, request: HttpRequest) -> list[Any]:
        """The buttons above the list of what this person may do to all rows."""
        names = {self.get_unfold_name(page.name) for page in self.whole if self.may(request, page)}
        buttons: list[Any] = super().get_actions_list(request)  # type: ignore[misc]
        return [button for button in buttons if button.action_name in names]

    def get_unfold_name(self, name: str) -> str:
        """The name under which the theme knows an action."""
        return f"{self.opts.app_label}_{self.opts.model_name}_{name}"

    def check_may(self, request: HttpRequest, act: Act) -> None:
        """Raise PermissionDenied for a person who may not see the rows, or not do `act`."""
        if not (self.has_view_permission(request) and self.may(request, act)):
            raise PermissionDenied

    def page(self, request: HttpRequest, template: str, **context: Any) -> TemplateResponse:
        """A page of this admin in the theme."""
        shared = {**self.admin_site.each_context(request), "opts": self.opts, "media": self.media}
        return TemplateResponse(request, template, {**shared, **context})

    def _url_name(self, deed: Deed) -> str:
        return f"{self.get_unfold_name(deed.name)}_several"

    def _button(self, act: Act) -> Button:
        def open_page(request: HttpRequest, object_id: str) -> HttpResponseBase:
            if isinstance(act, Deed):
                return self._ask_or_do(request, act, [key_in(object_id)])
            if isinstance(act, OwnPage):
                return self._own_page(request, act, key_in(object_id))
            self.check_may(request, act)
            return act.view(self, request)

        return Button(
            view=open_page,
            short_description=act.title,
            icon=act.icon,
            url_path=act.name,
        )

    def _own_page(self, request: HttpRequest, act: OwnPage, key: str) -> HttpResponseBase:
        self.check_may(request, act)
        row = self.get_object(request, key)
        if row is None:
            raise Http404
        return act.view(self, request, row)

    def _choice(self, deed: Deed) -> Callable[..., HttpResponse | None]:
        def choose(model_admin: Any, request: HttpRequest, queryset: Any) -> HttpResponse | None:
            keys = [str(key) for key in queryset.order_by().values_list("pk", flat=True)[: AT_ONCE + 1]]
            if len(keys) > AT_ONCE:
                messages.error(request, f"Choose at most {AT_ONCE} at a time.")
                return None
            address = reverse(f"admin:{self._url_name(deed)}")
            return HttpResponseRedirect(f"{address}?{urlencode([('pk', key) for key in keys])}")

        return choose

    def _several(self, deed: Deed) -> Callable[[HttpRequest], HttpResponse]:
        return lambda request: self._ask_or_do(request, deed, request.GET.getlist("pk")[:AT_ONCE])

    def _ask_or_do(self, request: HttpRequest, deed: Deed, keys: list[str]) -> HttpResponse:
        """Show what will follow, or do it once a reason was given."""
        self.check_may(request, deed)
        rows = list(self.get_queryset(request).filter(pk__in=keys))
        concerned = [row for row in rows if deed.applies(row)]
        form = ReasonForm(request.POST if request.method == "POST" else None)
        back = self._after(rows)
        if not concerned:
            messages.warning(request, "There is nothing to do: the rows are gone or already in that state.")
            return HttpResponseRedirect(back)
        if form.is_valid():
            all_done = self._do(request, deed, concerned, reason=form.cleaned_data["reason"])
            return HttpResponseRedirect(self._after([]) if deed.deletes and all_done else back)
        return self.page(
            request,
            "hivemind/admin/deed.html",
            title=deed.title,
            deed=deed,
            follows=(*deed.follows, *self._losses(deed, concerned)),
            rows=concerned,
            original=concerned[0] if len(concerned) == 1 else None,
            left_out=len(rows) - len(concerned),
            form=form,
            back=back,
        )

    def _losses(self, deed: Deed, rows: list[Any]) -> list[str]:
        """What the deed takes from one row, as far as other apps know; of several rows only the deed itself tells."""
        return panels.losses(f"{self.opts.app_label}.{deed.name}", rows[0]) if len(rows) == 1 else []

    def _do(self, request: HttpRequest, deed: Deed, rows: list[Any], *, reason: str) -> bool:
        """Do it to each row and tell how it went. Whether it was done to all."""
        actor = Actor.operator(request.user.get_username())
        done = 0
        for row in rows:
            try:
                with transaction.atomic():
                    action, subject = f"operator.{deed.name}", self.subject_of(row)
                    deed.act(row, actor)
                    audit.record(actor, action, subject, tenant_id=self.tenant_of(row), reason=reason)
            except DomainError as error:
                messages.error(request, f"{row}: {error}")
            else:
                done += 1
        if done:
            noun = self.opts.verbose_name if done == 1 else self.opts.verbose_name_plural
            messages.success(request, f"{done} {noun} {deed.done}.")
        return done == len(rows)

    def _after(self, rows: list[Any]) -> str:
        model = f"{self.opts.app_label}_{self.opts.model_name}"
        return columns.page_of(model, str(rows[0].pk)) if len(rows) == 1 else columns.list_of(model)


class OperatedAdmin(Operates, ShownAdmin):
    """Rows to look at, and deeds done to them."""

    grants: ClassVar[tuple[str, ...]] = ("view", "change")
