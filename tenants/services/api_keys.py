"""Owner keys: rotated by their holder, reset by an operator, an old one used once more to unseal."""

from dataclasses import dataclass, field

from django.db import transaction

from attestation.errors import TokenError
from attestation.tokens import OWNER, Token, new_token, parse_token
from hivemind.kit import audit, clock
from hivemind.kit.audit import Actor
from hivemind.kit.errors import TenantSealed
from tenants import hooks
from tenants.errors import KeyRetired, NotSealed, WrongPreviousKey
from tenants.models import ApiKey, Tenant
from tenants.principals import Owner
from tenants.services import seals, tenants

NO_WRAP = seals.WrappedRoot(b"", b"")


@dataclass(frozen=True)
class NewKey:
    """A fresh owner key, shown once and kept nowhere."""

    tenant: Tenant
    api_key: str = field(repr=False)


@dataclass(frozen=True)
class ResetKey:
    """What an operator's reset did, and the fresh owner key, shown once."""

    tenant: Tenant
    api_key: str = field(repr=False)
    clear_seal: bool
    seal_rows_deleted: int
    revoke_capabilities: bool
    capabilities_revoked: int


def rotate(owner: Owner) -> NewKey:
    """Replace the owner's key by a fresh one that opens the same root key; the old one is dead at once.

    Of two rotations with the same key one wins and the other raises KeyRetired. A sealed tenant stays sealed
    and recoverable. Raises TenantSealed when the key's wrap was damaged.
    """
    bearer = _fresh()
    with transaction.atomic():
        tenant = tenants.locked(owner.tenant.id)
        current = ApiKey.objects.filter(pk=owner.key.pk, retired_at=None).first()
        if current is None:
            raise KeyRetired
        root = NO_WRAP
        if current.root_wrapped:
            opened = seals.unwrap_root(current, tenant=tenant, bearer=owner.bearer)
            root = seals.wrap_root(opened, tenant=tenant, bearer=bearer)
        _retire(current, keep_wrap=False)
        key = _issue(tenant, bearer=bearer, root=root)
        audit.record(owner.actor, "owner_key.rotated", tenant.id, tenant_id=tenant.id, new_token_id=key.token_id)
    return NewKey(tenant, bearer.text)


def reset(tenant_id: str, *, actor: Actor, clear_seal: bool, revoke_capabilities: bool) -> ResetKey:
    """Give a tenant whose key was lost or stolen a fresh one; the old one is dead at once.

    Without `clear_seal` the tenant is sealed until its owner presents the old key to `unseal`. With it
    everything that only the old root key could open is deleted and a new seal is made. Raises TenantNotFound.
    """
    bearer = _fresh()
    with transaction.atomic():
        tenant = tenants.locked(tenant_id)
        revoked = hooks.revoke_capabilities(tenant, actor=actor) if revoke_capabilities else 0
        for key in tenant.api_keys.filter(retired_at=None):
            _retire(key, keep_wrap=not clear_seal)
        deleted = _renew_seal(tenant, bearer=bearer, actor=actor) if clear_seal else 0
        if not clear_seal:
            _issue(tenant, bearer=bearer, root=NO_WRAP)
        audit.record(
            actor,
            "owner_key.reset",
            tenant_id,
            tenant_id=tenant_id,
            new_token_id=bearer.token_id,
            clear_seal=clear_seal,
            seal_rows_deleted=deleted,
            capabilities_revoked=revoked,
        )
    return ResetKey(tenant, bearer.text, clear_seal, deleted, revoke_capabilities, revoked)


def unseal(owner: Owner, *, previous_key: str) -> Tenant:
    """Open a tenant that a reset sealed: an earlier key opens its root key, the present one wraps it.

    Raises NotSealed, WrongPreviousKey, or KeyRetired when the present key was replaced meanwhile.
    """
    with transaction.atomic():
        tenant = tenants.locked(owner.tenant.id)
        current = ApiKey.objects.filter(pk=owner.key.pk, retired_at=None).first()
        if current is None:
            raise KeyRetired
        if current.root_wrapped:
            raise NotSealed
        root = seals.wrap_root(_recovered(tenant, previous_key), tenant=tenant, bearer=owner.bearer)
        tenant.api_keys.exclude(retired_at=None).update(root_salt=b"", root_wrapped=b"")
        current.root_salt, current.root_wrapped = root.salt, root.wrapped
        current.save(update_fields=["root_salt", "root_wrapped"])
        audit.record(owner.actor, "tenant.unsealed", tenant.id, tenant_id=tenant.id)
    return tenant


def _fresh() -> Token:
    return parse_token(new_token(OWNER), strict=True)


def _issue(tenant: Tenant, *, bearer: Token, root: seals.WrappedRoot) -> ApiKey:
    return ApiKey.objects.create(
        tenant=tenant,
        token_hash=bearer.hash,
        token_id=bearer.token_id,
        root_salt=root.salt,
        root_wrapped=root.wrapped,
        created_at=clock.now(),
    )


def _retire(key: ApiKey, *, keep_wrap: bool) -> None:
    key.retired_at = clock.now()
    if not keep_wrap:
        key.root_salt, key.root_wrapped = b"", b""
    key.save(update_fields=["retired_at", "root_salt", "root_wrapped"])


def _renew_seal(tenant: Tenant, *, bearer: Token, actor: Actor) -> int:
    """A new root key and new secrets in place of the old; how many rows of old secrets went."""
    deleted = hooks.clear_seal(tenant, actor=actor) + tenant.secrets.count()
    tenant.api_keys.update(root_salt=b"", root_wrapped=b"")
    seal = seals.new_seal(tenant_id=tenant.id, bearer=bearer)
    tenant.root_key_id, tenant.signing_pubkey_b64 = seal.root_key_id, seal.signing.public_b64
    tenant.save(update_fields=["root_key_id", "signing_pubkey_b64"])
    seals.store_secrets(seal, tenant=tenant)
    _issue(tenant, bearer=bearer, root=seals.wrap_root(seal.root, tenant=tenant, bearer=bearer))
    return deleted


def _recovered(tenant: Tenant, previous_key: str) -> bytes:
    try:
        previous = parse_token(previous_key)
        key = tenant.api_keys.exclude(retired_at=None).filter(token_hash=previous.hash).first()
        if key is None:
            raise WrongPreviousKey
        return seals.unwrap_root(key, tenant=tenant, bearer=previous)
    except (TokenError, TenantSealed) as error:
        raise WrongPreviousKey from error
