"""Public identifiers: their prefixes and lengths are part of the wire format."""

import secrets


def _hex(digits: int) -> str:
    return secrets.token_hex(digits // 2)


def tenant_id() -> str:
    """`t_` and 12 hexadecimal digits."""
    return f"t_{_hex(12)}"


def room_id() -> str:
    """`room_` and 12 hexadecimal digits."""
    return f"room_{_hex(12)}"


def agent_id() -> str:
    """12 hexadecimal digits."""
    return _hex(12)


def run_id() -> str:
    """12 hexadecimal digits; a caller may choose its own of 12 to 64 instead."""
    return _hex(12)


def vault_item_id() -> str:
    """`rvi_` and 16 hexadecimal digits."""
    return f"rvi_{_hex(16)}"


def entry_id() -> str:
    """`ble_` and 24 hexadecimal digits."""
    return f"ble_{_hex(24)}"


def credit_code_id() -> str:
    """`cc_` and 16 hexadecimal digits."""
    return f"cc_{_hex(16)}"


def redemption_id() -> str:
    """`ccr_` and 24 hexadecimal digits."""
    return f"ccr_{_hex(24)}"
