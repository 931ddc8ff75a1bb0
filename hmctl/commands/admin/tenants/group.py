"""`hmctl admin tenants`."""

from typing import Final

import click

from hmctl.lazy import Entry, LazyGroup

_HERE: Final = "hmctl.commands.admin.tenants"
COMMANDS: Final = {
    "create": Entry(f"{_HERE}.create:command", "Make a tenant with a database and a key."),
    "delete": Entry(f"{_HERE}.delete:command", "Delete a tenant with its database."),
    "list": Entry(f"{_HERE}.list:command", "List all tenants."),
    "migrate-roles": Entry(f"{_HERE}.migrate_roles:command", "Check and repair the roles of all databases."),
    "register": Entry(f"{_HERE}.register:command", "Make a tenant of a database that exists."),
    "rename": Entry(f"{_HERE}.rename:command", "Change a tenant's display name."),
    "rename-database": Entry(f"{_HERE}.rename_database:command", "Change the name of a tenant's database."),
    "reset-key": Entry(f"{_HERE}.reset_key:command", "Replace a tenant's key."),
}


@click.group(cls=LazyGroup, commands_table=COMMANDS)
def group() -> None:
    """Make, list, rename and delete tenants; reset their keys."""
