"""`manage.py billing_check`: prove that the books agree with themselves and with the runs."""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing.services import checks
from billing.services.checks import Report


class Command(BaseCommand):
    """Look at all the books; exit with 1 when anything is wrong with them."""

    help = "Prove that accounts, entries, holds, lots, tokens, codes and runs agree. Changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        """`--json` for machines."""
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what was looked at and what is wrong. Raises CommandError, which exits with 1, on any problem."""
        report = checks.examine()
        self.stdout.write(json.dumps(asdict(report)) if options["json"] else _told(report))
        if report.problem_count:
            raise CommandError(f"the books have problems: {report.problem_count}", returncode=1)


def _told(report: Report) -> str:
    totals = asdict(report.totals)
    width = max(len(name) for name in totals)
    lines = [f"{name:<{width}}  {figure:>20}" for name, figure in totals.items()]
    lines.append(f"looked at in {report.took_seconds:.1f} s")
    lines += [f"PROBLEM {found.subject}: {found.rule}: {found.detail}" for found in report.problems]
    if not report.problem_count:
        lines.append("everything agrees")
    return "\n".join(lines)
