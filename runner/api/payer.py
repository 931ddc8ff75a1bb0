"""Who pays, read from a request; keys that are refused count as failed attempts of the client's address."""

from rest_framework.request import Request

from billing import payers
from billing.payers import Payer
from hivemind.kit.api.throttling import counting_failures


def named(request: Request) -> Payer | None:
    """The payer named in the request's header, None without one. Raises BadPayer, TooManyFailures."""
    with counting_failures(request):
        return payers.named(request.headers)
