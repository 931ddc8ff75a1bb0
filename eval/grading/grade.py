"""All checks of a scenario, put together."""

from eval.grading import run_checks, text_checks
from eval.grading.evidence import Evidence
from eval.grading.results import Check, GradeResult
from eval.leaks.detector import Detector
from eval.scenarios.shape import Scenario

_OF_TEXT = (text_checks.forbidden, text_checks.required, text_checks.shape)
_OF_RUN = (
    run_checks.ending,
    run_checks.latency,
    run_checks.stages,
    run_checks.modes,
    run_checks.tools,
    run_checks.telemetry,
    run_checks.attestation,
)


def grade(scenario: Scenario, evidence: Evidence, *, detector: Detector) -> GradeResult:
    """Every demand of the scenario, met or not. A command that failed is the one finding there is."""
    if evidence.failed_command:
        check = Check("command_failed", "system", False, "the command succeeds", evidence=evidence.failed_command)
        return GradeResult(scenario.id, (check,), shape_of(evidence))
    checks = [check for run in _OF_TEXT for check in run(scenario, evidence)]
    checks += text_checks.leaks(detector, evidence)
    if evidence.row is not None:
        checks += [check for run in _OF_RUN for check in run(scenario, evidence)]
    return GradeResult(scenario.id, tuple(checks), shape_of(evidence))


def shape_of(evidence: Evidence) -> dict[str, object]:
    """The measures of the answer itself."""
    return {
        "output_chars": len(evidence.output),
        "output_words": evidence.words,
        "markdown_table_count": evidence.tables,
        "artifact_count": len(evidence.artifacts),
        "artifact_filenames": [artifact.filename for artifact in evidence.artifacts],
    }
