"""A paginator for tables that grow without end."""

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property

CEILING = 10_000


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts to the ceiling and no further; what lies beyond is reached by searching, not by turning pages."""

    template_name = "hivemind/admin/pagination.html"

    @cached_property
    def counted(self) -> int:
        """The number of rows, or one more than the ceiling where there are more."""
        rows = self.object_list
        if isinstance(rows, QuerySet):
            return rows.order_by().values("pk")[: CEILING + 1].count()
        return len(rows)

    @cached_property
    def count(self) -> int:
        """The number of rows that pages are made of."""
        return min(self.counted, CEILING)

    @property
    def capped(self) -> bool:
        """Whether there are more rows than pages show."""
        return self.counted > CEILING
