"""How operators get in: password, lockout, second factor. The admin behind it is `hivemind.kit.admin`."""
