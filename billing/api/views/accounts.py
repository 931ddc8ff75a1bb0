"""Accounts and what moves them, for the operator."""

from dataclasses import replace

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api import repeats, shapes
from billing.api.paging import last_first
from billing.api.serializers.queries import AccountsQuery, LedgerQuery, StatementQuery
from billing.api.serializers.requests import DebitRequest, GrantRequest, RefundRequest
from billing.api.serializers.responses import AccountsResponse, BillingResponse, LedgerResponse, MovedResponse
from billing.api.views.base import OperatorApi, statement_of
from billing.selectors import books
from billing.services import ledger
from hivemind.kit.api import pagination
from hivemind.kit.api.responses import refusals
from hivemind.kit.api.serializers import parse
from hivemind.kit.conf import conf
from tenants.api.permissions import BY_ADMIN_KEY


class AccountsView(OperatorApi):
    """GET /v1/admin/billing."""

    @extend_schema(
        operation_id="admin_billing_accounts",
        summary="List accounts, newest first",
        parameters=[AccountsQuery],
        responses={200: AccountsResponse, **refusals(401, 422, 503)},
    )
    def get(self, request: Request) -> Response:
        """Figures as they are kept; `total_held_micro_usd` is what unfinished runs hold now."""
        query = parse(AccountsQuery, request.query_params)
        limit = pagination.clamp(query.get("limit"), default=1000, highest=1000)
        rows = books.accounts(include_closed=query["include_closed"])
        page = pagination.newest_first(rows, limit=limit, cursor=query.get("cursor"))
        good = books.in_good_standing(page.rows)
        listed = [shapes.account(row, in_good_standing=row.pk in good) for row in page.rows]
        return Response({"accounts": listed, "enforce_credits": conf.billing.enforce_credits}, headers=page.headers)


class LedgerView(OperatorApi):
    """GET /v1/admin/billing/ledger."""

    @extend_schema(
        operation_id="admin_billing_ledger",
        summary="List entries of all accounts, newest first",
        parameters=[LedgerQuery],
        responses={200: LedgerResponse, **refusals(401, 422, 503)},
    )
    def get(self, request: Request) -> Response:
        """Or of one account, gone tenants' accounts included."""
        query = parse(LedgerQuery, request.query_params)
        limit = pagination.clamp(query.get("limit"), default=100, highest=1000)
        rows = books.entries(tenant_id=query.get("tenant_id", ""))
        page = last_first(rows, by="id", limit=limit, cursor=query.get("cursor"))
        return Response({"ledger": [shapes.named_entry(row) for row in page.rows]}, headers=page.headers)


class AccountView(OperatorApi):
    """GET /v1/admin/billing/{tenant_id}."""

    @extend_schema(
        operation_id="admin_billing_retrieve",
        summary="One account's balance, ledger and spending",
        parameters=[StatementQuery],
        responses={200: BillingResponse, **refusals(401, 404, 422, 503)},
    )
    def get(self, request: Request, tenant_id: str) -> Response:
        """What the account's owner sees. The books of a tenant that is gone are kept."""
        return statement_of(tenant_id, request)


class GrantsView(OperatorApi):
    """POST /v1/admin/billing/{tenant_id}/credits."""

    @extend_schema(
        operation_id="admin_billing_grant",
        summary="Give credit to a tenant",
        request=GrantRequest,
        parameters=[repeats.PARAMETER],
        responses={200: MovedResponse, **refusals(400, 401, 404, 409, 422, 503)},
    )
    def post(self, request: Request, tenant_id: str) -> Response:
        """What is left of credit with an end is taken back then; it is spent before any other."""
        body = GrantRequest(data=request.data)
        body.is_valid(raise_exception=True)
        given = replace(body.to_grant(), key=repeats.key_of(request))
        return Response(shapes.moved(ledger.grant(tenant_id, given, actor=BY_ADMIN_KEY)))


class DebitsView(OperatorApi):
    """POST /v1/admin/billing/{tenant_id}/debits."""

    @extend_schema(
        operation_id="admin_billing_debit",
        summary="Take credit from a tenant",
        request=DebitRequest,
        parameters=[repeats.PARAMETER],
        responses={200: MovedResponse, **refusals(400, 401, 404, 409, 422, 503)},
    )
    def post(self, request: Request, tenant_id: str) -> Response:
        """At most the balance, unless told otherwise."""
        body = parse(DebitRequest, request.data)
        entry = ledger.debit(
            tenant_id,
            body["amount_usd"],
            actor=BY_ADMIN_KEY,
            note=body["note"],
            allow_overdraft=body["allow_overdraft"],
            key=repeats.key_of(request),
        )
        return Response(shapes.moved(entry))


class RefundsView(OperatorApi):
    """POST /v1/admin/billing/{tenant_id}/refunds."""

    @extend_schema(
        operation_id="admin_billing_refund",
        summary="Give charged money back",
        request=RefundRequest,
        parameters=[repeats.PARAMETER],
        responses={200: MovedResponse, **refusals(400, 401, 404, 409, 422, 503)},
    )
    def post(self, request: Request, tenant_id: str) -> Response:
        """At most what was charged and not refunded yet."""
        body = parse(RefundRequest, request.data)
        entry = ledger.refund(
            tenant_id,
            body["amount_usd"],
            actor=BY_ADMIN_KEY,
            note=body["note"],
            run_id=body["run_id"],
            key=repeats.key_of(request),
        )
        return Response(shapes.moved(entry))
