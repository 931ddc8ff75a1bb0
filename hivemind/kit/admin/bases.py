"""Model admins that show and do not edit. What may be read is listed; everything else stays in the database."""

import re
from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets, quote, unquote
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from hivemind.kit.admin import added_columns, columns, panels
from hivemind.kit.admin.panels import Panel
from hivemind.kit.admin.theme import ThemedAdmin

# Ids such as t_25ab… look half quoted to Django, whose quoting writes the underscore itself as _5F.
RAW_ID = re.compile(r"[a-z]+_[0-9a-f]+")


def key_in(address: str) -> str:
    """The key that a part of an address stands for."""
    return address if RAW_ID.fullmatch(address) else unquote(address)


class ShownList(ChangeList):
    """A list that counts its rows once, by way of its paginator."""

    def get_results(self, request: HttpRequest) -> None:
        """Read one page; there is no second count, of rows that were filtered away."""
        super().get_results(request)
        self.full_result_count = self.result_count
        added = added_columns.of(self.model._meta.label_lower, request)
        if added:
            added_columns.fill(list(self.result_list), added)


class WithPanels(ThemedAdmin):
    """A page of one row with panels below and above its facts."""

    change_form_before_template = "hivemind/admin/first_panels.html"
    change_form_after_template = "hivemind/admin/panels.html"

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """The page of one row, with its panels."""
        context = dict(extra_context or {})
        if object_id is not None:
            object_id = quote(key_in(object_id))
        if object_id is not None and request.method == "GET":
            row = self.get_object(request, unquote(object_id))
            if row is not None and self.has_view_permission(request, row):
                told = (*self.panels(row, request), *panels.of(row, request), *self.last_panels(row, request))
                context["panels"] = [panel for panel in told if panel is not None and not panel.first]
                context["first_panels"] = [panel for panel in told if panel is not None and panel.first]
        return super().changeform_view(request, object_id, form_url, context)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """The row; read once in a request."""
        held: dict[tuple[str, str | None], Any] = request.__dict__.setdefault("_rows_of_page", {})
        asked = (object_id, from_field)
        if asked not in held:
            held[asked] = super().get_object(request, object_id, from_field)
        return held[asked]

    def panels(self, row: Any, request: HttpRequest) -> Iterable[Panel | None]:
        """The app's own panels for `row`; those of other apps follow."""
        return ()

    def last_panels(self, row: Any, request: HttpRequest) -> Iterable[Panel | None]:
        """What stands below the panels of other apps."""
        return ()


class ShownAdmin(WithPanels):
    """Rows to look at.

    `shown` lists every column that may leave the database, those of joined tables included; nothing else is selected.
    Lists are filtered only by `list_filter`: an address cannot ask about other columns, so that nobody can guess
    their content letter by letter.
    """

    shown: ClassVar[tuple[str, ...]] = ()
    list_per_page = 50
    list_max_show_all = 50
    list_fullwidth = True
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    sortable_by: ClassVar[Any] = ()
    actions: Any = ()
    change_form_template = "hivemind/admin/change_form.html"
    change_list_template = "hivemind/admin/change_list.html"
    # What may be granted to an account: to look, unless there is more.
    grants: ClassVar[tuple[str, ...]] = ("view",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The rows, with the columns that may be shown; those of joined tables are read in the same query."""
        rows = super().get_queryset(request).only(*self.shown)
        joined = self.list_select_related
        return rows.select_related(*joined) if isinstance(joined, list | tuple) else rows

    def get_list_display(self, request: HttpRequest) -> Any:
        """The list's own columns, then those that other apps add."""
        added = added_columns.of(self.opts.label_lower, request)
        return (*super().get_list_display(request), *(added_columns.cell(column) for column in added))

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """All of them."""
        return flatten_fieldsets(self.get_fieldsets(request, obj))

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """None: nothing can be done to rows that are only shown."""
        return {}

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds rows here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody edits rows here."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody deletes rows here."""
        return False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Only the words of the questions above the list."""
        return lookup in {question.parameter_name for question in self._questions()}

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """A list that does not count what was left out."""
        return ShownList

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What happened to a row is told by the trail."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return HttpResponseRedirect(columns.list_of("kit_auditevent", q=key_in(object_id)))

    def _questions(self) -> tuple[Any, ...]:
        return tuple(asked for asked in self.list_filter if hasattr(asked, "parameter_name"))
