"""Names and passwords of a tenant's database and of the roles that may enter it."""

import hmac
import re
import secrets
from hashlib import sha256

from django.conf import settings

_PASSWORD_DOMAIN = b"hivemind:database-role:v1:"
# Longer names are cut off by Postgres.
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,62}")
# Of a run's id in the names of its roles, which Postgres would cut off otherwise.
RUN_ID_CHARS = 40
_OF_A_TENANT = "tenant_"
_OF_THE_SERVER = ("pg_", "template", "hivemind")


def database(tenant_id: str) -> str:
    """`tenant_<tenant id>`."""
    return f"tenant_{tenant_id}"


def owner_role(tenant_id: str) -> str:
    """The role that owns the tenant's tables: `o_` and the hexadecimal digits of the tenant id."""
    return f"o_{tenant_id.removeprefix('t_')}"


def room_role(room_id: str) -> str:
    """The role as which one room's agents read: `r_` and the hexadecimal digits of the room id."""
    return f"r_{room_id.removeprefix('room_')}"


def run_role(run_id: str) -> str:
    """A new name for a role of one run and for the schema that it reads: `q_`, the run's id, and something random.

    A run may have several, one after the other or at once.
    """
    return f"q_{run_id[:RUN_ID_CHARS]}_{secrets.token_hex(4)}"


def run_id_of(role: str) -> str:
    """The id of the run of a run role, or how it starts where it is longer than `RUN_ID_CHARS`."""
    return role.split("_")[1]


def password(role: str) -> str:
    """The password of a role: follows from the service's secret key, so that it is stored nowhere."""
    return hmac.new(settings.SECRET_KEY.encode(), _PASSWORD_DOMAIN + role.encode(), sha256).hexdigest()


def is_plain(name: str) -> bool:
    """Whether `name` could be a tenant's database at all."""
    return _PLAIN.fullmatch(name) is not None


def may_name_a_database(name: str, *, tenant_id: str) -> bool:
    """Whether `name` may be given to the database of a tenant: plain, and not what something else is called."""
    if not is_plain(name) or name == "postgres" or name.startswith(_OF_THE_SERVER):
        return False
    return not name.startswith(_OF_A_TENANT) or name == database(tenant_id)
