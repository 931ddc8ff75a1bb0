"""Prices of models, for the operator."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api import shapes
from billing.api.paging import last_first
from billing.api.serializers.queries import PriceQuery, PricesQuery
from billing.api.serializers.requests import PriceRequest
from billing.api.serializers.responses import PriceResponse, PricesResponse, PriceWithdrawnResponse
from billing.api.views.base import OperatorApi
from billing.selectors import books
from billing.selectors import prices as selectors
from billing.services import prices
from hivemind.kit.api import pagination
from hivemind.kit.api.responses import refusals
from hivemind.kit.api.serializers import parse
from tenants.api.permissions import BY_ADMIN_KEY


class PricesView(OperatorApi):
    """GET and POST /v1/admin/billing/prices."""

    @extend_schema(
        operation_id="admin_prices_list",
        summary="List the prices in force",
        parameters=[PricesQuery],
        responses={200: PricesResponse, **refusals(401, 422, 503)},
    )
    def get(self, request: Request) -> Response:
        """By provider and model. With `all` every price that was ever set, the last first, in pages."""
        query = parse(PricesQuery, request.query_params)
        if not query["all"]:
            return Response({"prices": [shapes.price(row) for row in selectors.current()]})
        limit = pagination.clamp(query.get("limit"), default=1000, highest=1000)
        page = last_first(books.prices(), by="id", limit=limit, cursor=query.get("cursor"))
        return Response({"prices": [shapes.price(row) for row in page.rows]}, headers=page.headers)

    @extend_schema(
        operation_id="admin_prices_set",
        summary="Set the price of a model",
        request=PriceRequest,
        responses={200: PriceResponse, **refusals(400, 401, 409, 422, 503)},
    )
    def post(self, request: Request) -> Response:
        """From now, or from a moment in the future on. Runs keep the price that was in force when they were asked."""
        body = PriceRequest(data=request.data)
        body.is_valid(raise_exception=True)
        return Response(shapes.price(prices.set_price(body.to_price(), actor=BY_ADMIN_KEY)))


class PriceView(OperatorApi):
    """DELETE /v1/admin/billing/prices/{provider}/{model}."""

    @extend_schema(
        operation_id="admin_prices_withdraw",
        summary="Let a model have no price, or cancel one that is scheduled",
        parameters=[PriceQuery],
        responses={200: PriceWithdrawnResponse, **refusals(400, 401, 404, 409, 422, 503)},
    )
    def delete(self, request: Request, provider: str, model: str) -> Response:
        """From now on; its past prices stay on record.

        A scheduled price can be cancelled until shortly before it begins; the list of all prices tells its moment.
        """
        begins = parse(PriceQuery, request.query_params).get("effective_from")
        if begins is None:
            prices.withdraw(provider, model, actor=BY_ADMIN_KEY)
        else:
            prices.cancel(provider, model, effective_from=begins, actor=BY_ADMIN_KEY)
        return Response({"status": "ok", "provider": provider, "model": model})
