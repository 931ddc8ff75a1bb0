"""The root command: global options, the table of commands, and the one place where errors become exit codes."""

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, NoReturn

import click

from hmctl import exits, settings
from hmctl._version import __version__
from hmctl.errors import HmctlError
from hmctl.io import Terminal
from hmctl.launch import Launch
from hmctl.lazy import Entry, LazyGroup

COMMANDS: Final = {
    "admin": Entry("hmctl.commands.admin.group:group", "Run a service: tenants, money, runs."),
    "agents": Entry("hmctl.commands.agents.group:group", "List, upload, read and delete agents."),
    "balance": Entry("hmctl.commands.balance:command", "Show what is left, held and spent."),
    "doctor": Entry("hmctl.commands.doctor:command", "Check client, profile, service, billing and a room."),
    "init": Entry("hmctl.commands.init:command", "Connect a profile to a service."),
    "profile": Entry("hmctl.commands.profile.group:group", "Switch between services and keys."),
    "receipt": Entry("hmctl.commands.receipt.group:group", "Keep and check what proves an answer."),
    "redeem-credit": Entry("hmctl.commands.redeem_credit:command", "Turn a credit code into credit."),
    "room": Entry("hmctl.commands.room.group:group", "Make rooms, read their terms, ask them."),
    "rotate-key": Entry("hmctl.commands.rotate_key:command", "Replace the profile's key by a new one."),
    "signup": Entry("hmctl.commands.signup:command", "Open an account and save its key."),
    "spend-tokens": Entry("hmctl.commands.spend_tokens.group:group", "Tokens that spend a little of your credit."),
    "sql": Entry("hmctl.commands.sql:command", "Run SQL in your own database."),
    "trust": Entry("hmctl.commands.trust.group:group", "See what a service claims and what you approved."),
    "whoami": Entry("hmctl.commands.whoami:command", "Show whom the service takes you for."),
}

_EPILOG: Final = """\b
Examples:
  hmctl init --service http://localhost:8100 --api-key -
  hmctl room create ./scope-agent --rules-file rules.md --allowed-table sales
  hmctl room inspect "$ROOM"
  hmctl room ask "$ROOM" "What changed this month?"

Answers and documents go to stdout, everything else to stderr. Files live in ~/.hivemind (HIVEMIND_HOME).
"""


class RootGroup(LazyGroup):
    """Turns every failure into one line, or one JSON object, and the right exit code."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Runs the command line and exits, whatever `standalone_mode` says."""
        given = sys.argv[1:] if args is None else list(args)
        wants_json = "--json" in _options(given)
        try:
            outcome = super().main(given, prog_name, complete_var, standalone_mode=False, **extra)
        except HmctlError as problem:
            sys.exit(_report(problem, wants_json=wants_json, given=given))
        except click.UsageError as problem:
            sys.exit(_report_usage(problem, wants_json=wants_json, given=given))
        except click.ClickException as problem:
            failure = HmctlError(problem.format_message(), exit_code=problem.exit_code)
            sys.exit(_report(failure, wants_json=wants_json, given=given))
        except click.Abort:
            sys.exit(_report(_interrupted(), wants_json=wants_json, given=given))
        except Exception as problem:  # noqa: BLE001 - the process edge: a user never sees a traceback
            sys.exit(_report_bug(problem, wants_json=wants_json, given=given))
        sys.exit(outcome if isinstance(outcome, int) else exits.OK)


@click.group(
    cls=RootGroup,
    commands_table=COMMANDS,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "-y",
    "--yes",
    "assume_yes",
    is_flag=True,
    help="Answer confirmations with yes; never accepts a room's terms.",
)
@click.option(
    "--dangerously-skip-attestations",
    "skip_attestations",
    is_flag=True,
    help="Check neither the service's evidence nor your acceptance of a room. (HIVEMIND_NO_TRUST_CHECK)",
)
@click.option(
    "--allow-degraded-attestation",
    "allow_degraded",
    is_flag=True,
    help="Let a remote service pass whose evidence is missing or not made for this connection. "
    "(HIVEMIND_ALLOW_DEGRADED_ATTESTATION)",
)
@click.option(
    "--dangerously-accept-development-evidence",
    "accept_development",
    is_flag=True,
    help="Let a remote service pass whose evidence proves nothing about hardware. "
    "(HIVEMIND_DANGEROUSLY_ACCEPT_DEVELOPMENT_EVIDENCE)",
)
@click.option("--profile", metavar="NAME", help="Use this profile. (HIVEMIND_PROFILE)")
@click.option("-v", "--verbose", is_flag=True, help="Say on stderr which calls are made.")
@click.version_option(__version__, message="%(prog)s, version %(version)s")
@click.pass_context
def root(ctx: click.Context, /, **flags: Any) -> None:
    """Ask questions of rooms whose terms their owners signed, and verify the answers."""
    launch = ctx.obj if isinstance(ctx.obj, Launch) else Launch()
    ctx.obj = replace(launch, flags=settings.Flags(**flags))


def main() -> NoReturn:
    """Entry point of `hmctl` and `hivemind`."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    sys.exit(root.main())


def _options(given: list[str]) -> list[str]:
    return given[: given.index("--")] if "--" in given else given


def _terminal(given: list[str]) -> Terminal:
    try:
        unverified = "--dangerously-skip-attestations" in _options(given) or settings.skips(os.environ)
    except HmctlError:
        unverified = False
    return Terminal(plain=settings.is_plain(os.environ), unverified=unverified)


def _report(problem: HmctlError, *, wants_json: bool, given: list[str]) -> int:
    terminal = _terminal(given)
    if wants_json and problem.is_outcome:
        terminal.line_document(problem.as_json())
    elif wants_json:
        terminal.document(problem.as_json())
    else:
        terminal.show_error(problem)
    return problem.exit_code


def _report_usage(problem: click.UsageError, *, wants_json: bool, given: list[str]) -> int:
    if not wants_json:
        problem.show()
        return exits.USAGE
    hint = f"Try `{problem.ctx.command_path} --help`." if problem.ctx else ""
    failure = HmctlError(problem.format_message(), hint=hint, exit_code=exits.USAGE)
    failure.code = "usage"
    return _report(failure, wants_json=True, given=given)


def _interrupted() -> HmctlError:
    failure = HmctlError("aborted")
    failure.code = "interrupted"
    return failure


def _report_bug(problem: Exception, *, wants_json: bool, given: list[str]) -> int:
    if "-v" in given or "--verbose" in given:
        raise problem
    failure = HmctlError(
        f"hmctl itself failed ({type(problem).__name__})",
        hint="Repeat with -v before the command to see where, and report it.",
    )
    failure.code = "internal"
    return _report(failure, wants_json=wants_json, given=given)
