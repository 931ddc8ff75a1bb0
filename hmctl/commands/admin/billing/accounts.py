"""`hmctl admin billing accounts`."""

import click

from hmctl.client import pages, wire
from hmctl.client.pages import Page
from hmctl.client.transport import JsonObject
from hmctl.commands.admin.operating import Operating, with_operator
from hmctl.commands.wiring import json_option
from hmctl.render import columns, units


@click.command("accounts")
@json_option
@with_operator
def command(op: Operating, as_json: bool) -> None:
    """List all accounts with what is left, held, credited and spent.

    \b
    Example:
      hmctl admin billing accounts
    """
    run(op, as_json=as_json)


def run(op: Operating, *, as_json: bool) -> None:
    """Lists (HttpFailed, TrustRefused)."""
    calls = op.calls
    first: JsonObject = {}

    def fetch(rows: int, cursor: str) -> Page:
        page = calls.accounts(rows, cursor)
        first.update(page.answer if not cursor else {})
        return page

    accounts = pages.collect(fetch, limit=None, page_rows=pages.BOOK_ROWS)
    if as_json:
        op.terminal.document(accounts)
        return
    if accounts:
        header = ("TENANT_ID", "BALANCE", "HELD", "CREDITED", "SPENT", "NAME")
        op.terminal.data(columns.table(header, [_row(account) for account in accounts]))
    else:
        op.terminal.say("no accounts yet")
    if first.get("enforce_credits") is False:
        op.terminal.say("credit is not enforced: tenants without credit are served too")


def _row(account: JsonObject) -> tuple[str, ...]:
    names = ("balance", "total_held", "total_credit", "total_spent")
    amounts = (wire.whole(account, f"{name}_micro_usd") for name in names)
    shown = ("-" if amount is None else units.micro_usd(amount) for amount in amounts)
    name = wire.text(account, "name") or "-"
    return (
        wire.text(account, "tenant_id"),
        *shown,
        f"{name} (suspended)" if account.get("suspended") is True else name,
    )
