"""hmctl falls for none of the lies. One test for each case; `python -m tests.conformance` plays them on their own."""

from pathlib import Path

import pytest

from tests.conformance import catalogue, in_process
from tests.conformance.case import Case
from tests.conformance.hmctl_adapter import Hmctl
from tests.conformance.play import play

CASES = catalogue.everything()


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_client_is_not_fooled(case: Case, tmp_path: Path) -> None:
    result = play(case, Hmctl(in_process.run), folder=tmp_path)

    assert result.problems == (), f"{case.lie}\n{result.shown.out}{result.shown.err}"
