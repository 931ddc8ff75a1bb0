"""Routes of this app under /v1."""

from django.urls import path

from billing.api.views.accounts import AccountsView, AccountView, DebitsView, GrantsView, LedgerView, RefundsView
from billing.api.views.credit_codes import CreditCodesView, RevokeCreditCodeView
from billing.api.views.owner import BillingView, RedeemView
from billing.api.views.prices import PricesView, PriceView
from billing.api.views.signup import SignupView
from billing.api.views.spend_tokens import SpendTokensView, SpendTokenView

urlpatterns = [
    path("signup", SignupView.as_view()),
    path("billing", BillingView.as_view()),
    path("billing/credit-codes/redeem", RedeemView.as_view()),
    path("billing/spend-tokens", SpendTokensView.as_view()),
    path("billing/spend-tokens/<str:token_id>", SpendTokenView.as_view()),
    path("admin/credit-codes", CreditCodesView.as_view()),
    path("admin/credit-codes/<str:code_id>/revoke", RevokeCreditCodeView.as_view()),
    path("admin/billing", AccountsView.as_view()),
    path("admin/billing/ledger", LedgerView.as_view()),
    path("admin/billing/prices", PricesView.as_view()),
    path("admin/billing/prices/<str:provider>/<path:model>", PriceView.as_view()),
    path("admin/billing/<str:tenant_id>", AccountView.as_view()),
    path("admin/billing/<str:tenant_id>/credits", GrantsView.as_view()),
    path("admin/billing/<str:tenant_id>/debits", DebitsView.as_view()),
    path("admin/billing/<str:tenant_id>/refunds", RefundsView.as_view()),
]
