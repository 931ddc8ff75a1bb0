"""What can go wrong between a stage and a model.

None of these texts carries anything that the upstream service or the agent wrote: they may be shown to the
agent, counted and logged.
"""

from __future__ import annotations


class UpstreamError(Exception):
    """The model service gave no usable answer.

    `code` is stable, `status` is the upstream HTTP status where there was one, `retryable` says whether
    the same request may be sent again, `retry_after` is the wait in seconds that the service asked for.
    """

    def __init__(
        self,
        code: str,
        *,
        status: int | None = None,
        retryable: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.status = status
        self.retryable = retryable
        self.retry_after = retry_after


class RouteError(Exception):
    """A stage may not, or cannot, use the provider or model that was asked for."""

    code = "llm_route_error"


class ProviderNotAllowed(RouteError):
    """The room does not list this provider."""

    code = "llm_provider_not_allowed"


class ProviderNotConfigured(RouteError):
    """The operator has not set this provider up."""

    code = "llm_provider_not_configured"


class RouteDisabled(RouteError):
    """The operator has switched this provider, or this model at it, off."""

    code = "llm_route_disabled"
