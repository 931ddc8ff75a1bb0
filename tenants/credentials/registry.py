"""Which kind of token is resolved by whom. Apps above this one register their kinds in `AppConfig.ready`."""

from collections.abc import Callable

from attestation.errors import TokenError
from attestation.tokens import Token, parse_token
from hivemind.kit.errors import Unauthenticated
from tenants.principals import Principal

Resolver = Callable[[Token], Principal | None]

_resolvers: dict[str, Resolver] = {}


def register(prefix: str, resolver: Resolver) -> None:
    """Let `resolver` answer for tokens that begin with `prefix`; it returns None for a token nobody holds."""
    _resolvers[prefix] = resolver


def resolve(text: str) -> Principal:
    """The principal behind a bearer.

    Raises Unauthenticated for every reason alike, a suspended tenant included.
    """
    try:
        token = parse_token(text)
    except TokenError as error:
        raise Unauthenticated from error
    resolver = _resolvers.get(token.prefix)
    principal = resolver(token) if resolver else None
    if principal is None or principal.tenant.suspended:
        raise Unauthenticated
    return principal
