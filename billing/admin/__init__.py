"""Money for the operator: accounts, codes, prices and the books. Nothing here is edited; deeds move it on."""

from billing.admin import accounts, checks, codes, entries, holds, panels, prices, redemptions, spend_tokens

__all__ = ["accounts", "checks", "codes", "entries", "holds", "panels", "prices", "redemptions", "spend_tokens"]
