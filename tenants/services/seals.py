"""What an owner key opens: the tenant's root key, and the secrets sealed under it.

Nothing is remembered between calls. Root key: 32 random bytes, wrapped under a key derived from the owner
key. Secrets: wrapped under the root key, so that replacing the owner key re-wraps one key and leaves them as
they are.
"""

from dataclasses import dataclass, field

from attestation.errors import SealError
from attestation.keys import SigningKey, derive_room_signing_key
from attestation.sealing import kdf, wrap
from attestation.sealing.context import secret_context, wrap_context
from attestation.tokens import Token
from hivemind.kit import clock
from hivemind.kit.errors import TenantSealed
from tenants.models import ApiKey, Tenant, TenantSecret
from tenants.principals import Owner

ROOT = "tenant-root"


@dataclass(frozen=True)
class WrappedRoot:
    """A root key under one owner key, as it is stored."""

    salt: bytes
    wrapped: bytes


@dataclass(frozen=True)
class Seal:
    """A fresh root key with the public names that the tenant's row keeps."""

    root: bytes = field(repr=False)
    root_key_id: str
    signing: SigningKey


def new_seal(*, tenant_id: str, bearer: Token) -> Seal:
    """A root key and the room-signing key that published clients derive from this owner key."""
    root = kdf.new_key()
    signing = derive_room_signing_key(bearer.text, tenant_id=tenant_id)
    return Seal(root=root, root_key_id=wrap.key_id(root), signing=signing)


def wrap_root(root: bytes, *, tenant: Tenant, bearer: Token) -> WrappedRoot:
    """Wrap the root key for the holder of `bearer`."""
    salt, context = kdf.new_salt(), _root_context(tenant, bearer)
    kek = kdf.bearer_kek(bearer.text, salt=salt, context=context)
    return WrappedRoot(salt, wrap.wrap_key(kek, root, context=context))


def unwrap_root(key: ApiKey, *, tenant: Tenant, bearer: Token) -> bytes:
    """The tenant's root key. Raises TenantSealed when `key` holds no wrap, or none that `bearer` opens."""
    if not key.root_wrapped:
        raise TenantSealed
    context = _root_context(tenant, bearer)
    try:
        kek = kdf.bearer_kek(bearer.text, salt=bytes(key.root_salt), context=context)
        return wrap.unwrap_key(kek, bytes(key.root_wrapped), context=context)
    except SealError as error:
        raise TenantSealed from error


def store_secrets(seal: Seal, *, tenant: Tenant) -> None:
    """Write the tenant's secrets, sealed under the root key, in place of older ones.

    Call it in a transaction.
    """
    fresh = {
        TenantSecret.Kind.ROOM_SIGNING: seal.signing.seed,
        TenantSecret.Kind.AGENT_SOURCE: kdf.new_key(),
    }
    TenantSecret.objects.filter(tenant=tenant).delete()
    for kind, secret in fresh.items():
        sealed = wrap.wrap_key(seal.root, secret, context=secret_context(tenant_id=tenant.id, kind=kind))
        TenantSecret.objects.create(tenant=tenant, kind=kind, sealed=sealed, created_at=clock.now())


def open_root(owner: Owner) -> bytes:
    """The tenant's root key. Raises TenantSealed."""
    return unwrap_root(owner.key, tenant=owner.tenant, bearer=owner.bearer)


def open_secret(owner: Owner, kind: TenantSecret.Kind) -> bytes:
    """One 32-byte secret of the tenant. Raises TenantSealed."""
    root = open_root(owner)
    secret = TenantSecret.objects.filter(tenant=owner.tenant, kind=kind).first()
    if secret is None:
        raise TenantSealed
    context = secret_context(tenant_id=owner.tenant.id, kind=kind)
    try:
        return wrap.unwrap_key(root, bytes(secret.sealed), context=context)
    except SealError as error:
        raise TenantSealed from error


def signing_key(owner: Owner) -> SigningKey:
    """The key that signs the tenant's rooms.

    It stays the same when the owner key is rotated. Raises TenantSealed.
    """
    return SigningKey.from_seed(open_secret(owner, TenantSecret.Kind.ROOM_SIGNING))


def is_sealed(owner: Owner) -> bool:
    """Whether the owner key presented opens nothing."""
    try:
        open_root(owner)
    except TenantSealed:
        return True
    return False


def _root_context(tenant: Tenant, bearer: Token) -> bytes:
    return wrap_context(
        ROOT, tenant_id=tenant.id, room_id="", holder=f"owner:{bearer.token_id}", key_id=tenant.root_key_id
    )
