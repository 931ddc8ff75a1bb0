"""What several views of this app share."""

from typing import Final

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing.api import shapes
from billing.api.paging import last_first
from billing.api.serializers.queries import StatementQuery
from billing.selectors import accounts, statement
from hivemind.kit.api import pagination
from hivemind.kit.api.serializers import parse
from tenants.api.permissions import OperatorKey

NO_STORE: Final = {"Cache-Control": "no-store"}


class OperatorApi(APIView):
    """A view for the holder of the admin key."""

    authentication_classes = ()
    permission_classes = (OperatorKey,)


def statement_of(tenant_id: str, request: Request) -> Response:
    """One account with a page of its entries. Three queries. Raises AccountNotFound."""
    query = parse(StatementQuery, request.query_params)
    limit = pagination.clamp(query.get("limit"), default=25, highest=500)
    account = accounts.get(tenant_id)
    page = last_first(statement.entries_of(tenant_id), by="position", limit=limit, cursor=query.get("cursor"))
    body = shapes.billing(account, entries=page.rows, days=accounts.days_of(tenant_id))
    return Response(body, headers=page.headers | NO_STORE)
