"""What the quickstart sets for trying everything, unless the environment or `.env` says otherwise.

Prepaid credit is enforced and the operator's routes get a key, kept in the state directory. The service shows
development evidence, so that clients verify quotes as they would of real machines. Signup is opened only while the
service can be reached from this machine alone.
"""

import secrets
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path

from hivemind.local import files
from hivemind.local.checkout import Checkout


def admin_key_file(here: Checkout) -> Path:
    """Where the operator's key of the API is kept."""
    return here.layout.state_dir / "admin.key"


def with_defaults(here: Checkout, environment: Mapping[str, str]) -> dict[str, str]:
    """`environment` with the settings that it does not have."""
    completed = {"HIVEMIND_BILLING_ENFORCE_CREDITS": "true", "HIVEMIND_EVIDENCE": "development", **environment}
    if _only_here(here.host):
        completed.setdefault("HIVEMIND_SELF_SERVE_SIGNUP_ENABLED", "true")
    if not {"HIVEMIND_ADMIN_KEY", "HIVEMIND_ADMIN_KEY_FILE"} & environment.keys():
        path = admin_key_file(here)
        if not path.exists():
            files.write_private(path, f"hma_{secrets.token_urlsafe(32)}")
        completed["HIVEMIND_ADMIN_KEY_FILE"] = str(path)
    return completed


def _only_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
