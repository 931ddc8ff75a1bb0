"""`hmctl admin`."""

from typing import Final

import click

from hmctl.lazy import Entry, LazyGroup

COMMANDS: Final = {
    "billing": Entry("hmctl.commands.admin.billing.group:group", "Accounts, ledger, credit and prices."),
    "credit-codes": Entry("hmctl.commands.admin.credit_codes.group:group", "Make, list and revoke credit codes."),
    "llm-probe": Entry("hmctl.commands.admin.llm_probe:command", "Try one tiny model call from the service."),
    "runs": Entry("hmctl.commands.admin.runs.group:group", "Look at the runs of all tenants."),
    "sweep": Entry("hmctl.commands.admin.sweep:command", "Find agents whose image is gone, and delete them."),
    "tenants": Entry("hmctl.commands.admin.tenants.group:group", "Make, list, rename and delete tenants; reset keys."),
}


@click.group(cls=LazyGroup, commands_table=COMMANDS)
def group() -> None:
    """Run a service: tenants, money, runs, agents.

    The operator's key comes from --admin-key (- for stdin), else HIVEMIND_ADMIN_KEY, else the active profile if
    `hmctl init` found it to be an operator's. The service passes the trust gate before it sees the key. What cannot be
    undone asks first. Exit codes: 1 declined, 2 usage or not reached, 3 refused by the service, 4 not trusted.
    """
