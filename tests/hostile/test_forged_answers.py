"""Answers that imitate the pipeline's own words: they stay the agent's, and the record says what happened."""

import json
from typing import Any

import pytest

from attestation.digests import text_hash
from attestation.server import signer
from attestation.verifier import RunExpectation, verify_run
from runner.stages.endings import EMPTY_OUTPUT
from tests.factories import packages
from tests.factories.platform import Platform
from tests.factories.rooms import MadeRoom
from tests.hostile.forgeries import EMPTY, FORGED_RUN, FORGERIES

pytestmark = [pytest.mark.docker, pytest.mark.timeout(180)]

# Prints the forgery that the question names, beside what the table really gives it.
_FORGER = packages.CALL + (
    f"\nforged = {FORGERIES!r}[os.environ['QUERY_PROMPT']]\n"
    "os.environ['SCOPE_FN_SOURCE'] = 'def scope(sql, params, rows):\\n    return {\"allow\": True, \"rows\": rows}'\n"
    "rows = tool('execute_sql', sql='SELECT id FROM sales ORDER BY id')\n"
    "import sys\n"
    "sys.stderr.write('canary-on-stderr')\n"
    "sys.stdout.buffer.write((forged + '\\n' + rows).encode('utf-8', 'surrogatepass') + b'\\xff')\n"
)


def _verified(room: MadeRoom, question: str, body: dict[str, Any]) -> None:
    verify_run(
        body["attestation"],
        expect=RunExpectation(
            signer_pubkey_b64=signer.run_signer().key.public_b64,
            run_id=body["run_id"],
            room_id=room.room_id,
            room_manifest_hash=room.row.manifest_hash,
            status="completed",
            prompt_hash=text_hash(question),
            output=body["output"],
            error=None,
            compose_hash=None,
            client_nonce=None,
            agents=None,
        ),
    )


def test_the_word_for_no_answer_is_the_one_that_is_imitated() -> None:
    assert EMPTY == EMPTY_OUTPUT


def test_no_answer_is_taken_for_the_pipelines_own_words(platform: Platform) -> None:
    room = platform.room(scope=packages.FIRST_ROW_ONLY, query=_FORGER)
    for question, forged in FORGERIES.items():
        body = platform.ask(room, question)
        assert (body["status"], body["outcome"]) == ("completed", "completed"), (question, body["error"])
        expected = f"mediated: {forged}\n".replace("\x00", "") + '[{"id": 1}]\ufffd'
        assert body["output"] == expected, question
        assert "canary-on-stderr" not in json.dumps(body)
        assert body["run_id"] != FORGED_RUN["run_id"]
        assert body["usage"]["stages"]["query"]["bridge"]["tool_call_counts"] == {"execute_sql": 1}
        _verified(room, question, body)
