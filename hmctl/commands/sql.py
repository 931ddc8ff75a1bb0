"""`hmctl sql`."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import click

from hmctl.app import App
from hmctl.client import wire
from hmctl.client.transport import JsonObject
from hmctl.commands.wiring import json_option, with_app
from hmctl.errors import BadUsage
from hmctl.render import columns
from hmctl.runs import question


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    statement: str
    values: list[object]
    as_json: bool


@click.command("sql")
@click.argument("statement", metavar="[SQL]", required=False)
@click.option("-f", "--file", type=click.Path(path_type=Path), help="Read the statement from a file.")
@click.option("-p", "--param", "params", multiple=True, metavar="TEXT", help="A text for the next %s; repeatable.")
@click.option(
    "--params-json",
    default="",
    metavar="LIST",
    help="Values of any type for all %s, as in '[1, null, \"x\"]'.",
)
@json_option
@with_app()
def command(
    app: App,
    statement: str | None,
    file: Path | None,
    params: tuple[str, ...],
    params_json: str,
    as_json: bool,
) -> None:
    """Run one statement in your own database. Without SQL or --file it is read from stdin.

    \b
    Examples:
      hmctl sql "SELECT count(*) FROM sales"
      hmctl sql "SELECT * FROM sales WHERE region = %s" -p north --json
      hmctl sql < schema.sql
    """
    run(app, Options(_statement(statement, file), _values(params, params_json), as_json))


def run(app: App, options: Options) -> None:
    """Sends the statement and prints rows (HttpFailed, TrustRefused)."""
    answer = app.owner().sql(options.statement, values=options.values)
    if options.as_json:
        app.terminal.document(answer)
        return
    rows = wire.objects(answer, "rows")
    count = wire.whole(answer, "rowcount")
    if rows:
        names = list(dict.fromkeys(name for row in rows for name in row))
        app.terminal.data(columns.table(names, [[_cell(row, name) for name in names] for row in rows]))
        app.terminal.say(f"{len(rows)} row{'' if len(rows) == 1 else 's'}")
    elif count is None or count < 0:
        app.terminal.say("done")
    else:
        app.terminal.say(f"no rows returned, {count} affected" if count else "no rows")


def _cell(row: JsonObject, name: str) -> str:
    value = row.get(name)
    if value is None:
        return "NULL"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _statement(inline: str | None, file: Path | None) -> str:
    if inline is not None and file is not None:
        raise BadUsage("give SQL as an argument or with --file, not both")
    if file is not None:
        text = question.text_of(file)
    elif inline is not None:
        text = inline
    elif sys.stdin.isatty():
        raise BadUsage("give SQL as an argument, with --file or on stdin")
    else:
        text = question.stdin_text()
    if not text.strip():
        raise BadUsage("the statement is empty")
    return text


def _values(params: tuple[str, ...], as_json: str) -> list[object]:
    if not as_json:
        return list(params)
    if params:
        raise BadUsage("--param and --params-json exclude each other")
    try:
        values = json.loads(as_json)
    except (ValueError, RecursionError):
        raise BadUsage("--params-json is not JSON") from None
    if not isinstance(values, list):
        raise BadUsage("--params-json is not a JSON list")
    return values
