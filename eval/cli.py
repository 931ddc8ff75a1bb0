"""The command line: `python -m eval …`."""

import json
import sys
from pathlib import Path
from typing import Any, NoReturn, TextIO

import click

from eval import arms
from eval.dataset.generate import generate
from eval.errors import EvalError
from eval.grading.evidence import from_document
from eval.grading.grade import grade
from eval.leaks.detector import Detector
from eval.live import room as live
from eval.live.asking import Limits
from eval.play import campaign, options
from eval.report import files, markdown, summary
from eval.scenarios import shape

FAILED = 1


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def root() -> None:
    """Measure what rooms let out and what they are good for. Programs judge, no model does."""


@root.command("list")
def list_scenarios() -> None:
    """Print id, title and demands of every scenario, with tabs between."""
    for scenario in shape.all_scenarios().values():
        click.echo(f"{scenario.id}\t{scenario.title}\t{scenario.demands}")


@root.command("grade")
@click.argument("scenario")
@click.argument("file", type=click.File("r", encoding="utf-8"))
def grade_file(scenario: str, file: TextIO) -> None:
    """Grade the answer in FILE (- for stdin): its text, or the document of `hmctl room ask --json`.

    Exit codes: 0 passed, 1 failed.
    """
    known = shape.get(scenario)
    result = grade(known, from_document(file.read()), detector=Detector(generate().canaries))
    click.echo(json.dumps(result.as_json(), indent=2, ensure_ascii=False))
    sys.exit(0 if result.passed else FAILED)


@root.command("run-room")
@click.argument("scenario")
@click.argument("room")
@click.option("--model", "models", multiple=True, required=True, help="A model to ask with; repeatable.")
@click.option("--provider", default="openrouter", show_default=True)
@click.option("--max-tokens", type=click.IntRange(min=1), default=1_000_000, show_default=True)
@click.option("--max-llm-calls", type=click.IntRange(min=1), default=60, show_default=True)
@click.option("--timeout", type=click.IntRange(min=1), default=900, show_default=True, help="Seconds per stage.")
@click.option("--fetch", is_flag=True, help="Fetch artifacts, so that their content is graded too.")
@click.option("--hmctl-profile", default="", metavar="NAME", help="The profile that asks and pays.")
@click.option("--output-dir", type=click.Path(path_type=Path), default=Path("eval/results/live"), show_default=True)
def run_room(scenario: str, room: str, models: tuple[str, ...], output_dir: Path, **given: object) -> None:
    """Ask ROOM the question of SCENARIO with each model through hmctl, and grade what comes.

    Exit codes: 0 everything passed, 1 something failed.
    """
    limits = Limits(
        provider=str(given["provider"]),
        max_tokens=_whole(given["max_tokens"]),
        max_llm_calls=_whole(given["max_llm_calls"]),
        timeout_seconds=_whole(given["timeout"]),
        fetch=bool(given["fetch"]),
        profile=str(given["hmctl_profile"]),
    )
    detector = Detector(generate().canaries)
    rows = live.run(shape.get(scenario), room, models, limits=limits, folder=output_dir, detector=detector)
    click.echo(summary.table(rows))
    sys.exit(0 if all(row["passed"] for row in rows) else FAILED)


@root.command("summarize")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
def summarize(files: tuple[Path, ...]) -> None:
    """Print the rows of summary FILES as one Markdown table."""
    click.echo(summary.table(summary.read(files)))


@root.command("compare")
@click.option("--arm", "names", multiple=True, type=click.Choice(list(arms.BY_NAME)), help="Repeatable.")
@click.option("--mediator", type=click.Choice(["with", "without", "both"]), default="both", show_default=True)
@click.option("--attacks-per-class", type=click.IntRange(min=0), default=0, help="0 for all of them.")
@click.option("--questions", type=click.IntRange(min=0), default=0, help="0 for all of them.")
@click.option("--parallel", type=click.IntRange(min=1), default=4, show_default=True, help="Asks at a time.")
@click.option("--timeout", type=click.IntRange(min=1), default=120, show_default=True, help="Seconds per run.")
@click.option("--model", default="", help="Ask with this model, through agents that use one.")
@click.option("--provider", default="openrouter", show_default=True, help="With --model; must be set up here.")
@click.option("--output-dir", type=click.Path(path_type=Path), default=Path("eval/results/compare"), show_default=True)
def compare(names: tuple[str, ...], output_dir: Path, **given: Any) -> None:
    """Play attacks and harmless questions in rooms with different boundaries, in a service started for it.

    Without --model the agents have none: the query agent does to the letter what each attack asks for. With --model the
    bundled agents answer, and the HIVEMIND_LLM_* and HIVEMIND_TINFOIL_* settings of this environment are used.
    """
    plan = options.plan(names, given)
    results = campaign.play(plan, say=lambda line: click.echo(line, err=True))
    files.write(results, output_dir)
    click.echo(markdown.report(results))


@root.command("report")
@click.argument("results", type=click.Path(path_type=Path, exists=True))
@click.option("--output-dir", type=click.Path(path_type=Path), default=Path("eval/results/compare"), show_default=True)
def report(results: Path, output_dir: Path) -> None:
    """Write the report of RESULTS, which `compare` has left, again."""
    found = files.read(results)
    files.write(found, output_dir)
    click.echo(markdown.report(found))


def _whole(value: object) -> int:
    return int(str(value))


def main() -> NoReturn:
    """Run; what cannot be measured is said in one line, with exit status 2."""
    try:
        root(standalone_mode=True)
    except EvalError as problem:
        click.echo(f"error: {problem}", err=True)
    sys.exit(2)
