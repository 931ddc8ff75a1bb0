"""`room ask` where everything is as it should be."""

import json

from tests.hmctl.lying_service import LyingService
from tests.hmctl.shell import Shell


def test_prints_only_the_answer_on_stdout(accepted: Shell, service: LyingService) -> None:
    shown = accepted("room", "ask", service.link(), "How much did rents rise?")

    run_id = next(iter(service.runs))
    assert shown.out == "Rents rose by 4 percent.\n"
    assert shown.err == (
        f"!! DEVELOPMENT: {service.url} (this machine) has no attested hardware; its signatures come from a "
        "development key and prove nothing about what runs there\n"
        "paying with a spend token for this room and run, at most $3.500000\n"
        f"run {run_id}\n"
        "scope …\n"
        "scope 2.5s\n"
        "query 9.5s\n"
        "✓ verified: the signed record fits room, terms, question, run and outcome "
        "(development key: proves nothing about hardware)\n"
        "12s, 9 model calls, 1200 tokens\n"
        "held $3.500000, cost $0.057144\n"
    )
    assert shown.code == 0


def test_json_has_the_published_shape(accepted: Shell, service: LyingService) -> None:
    shown = accepted("room", "ask", service.link(), "How much?", "--json")

    document = json.loads(shown.out)
    published = [
        "status",
        "run_id",
        "output",
        "mediated",
        "artifacts",
        "fetched",
        "attestation_ok",
        "attestation_reason",
    ]
    assert [name for name in document if name in published] == published
    assert document["status"] == "completed"
    assert document["output"] == "Rents rose by 4 percent."
    assert document["attestation_ok"] is True
