"""Names and passwords of a tenant's database and of the roles that may enter it."""

import hmac
from hashlib import sha256

from django.conf import settings

_PASSWORD_DOMAIN = b"hivemind:database-role:v1:"


def database(tenant_id: str) -> str:
    """`tenant_<tenant id>`."""
    return f"tenant_{tenant_id}"


def owner_role(tenant_id: str) -> str:
    """The role that owns the tenant's tables: `o_` and the hexadecimal digits of the tenant id."""
    return f"o_{tenant_id.removeprefix('t_')}"


def room_role(room_id: str) -> str:
    """The role as which one room's agents read: `r_` and the hexadecimal digits of the room id."""
    return f"r_{room_id.removeprefix('room_')}"


def password(role: str) -> str:
    """The password of a role: follows from the service's secret key, so that it is stored nowhere."""
    return hmac.new(settings.SECRET_KEY.encode(), _PASSWORD_DOMAIN + role.encode(), sha256).hexdigest()
