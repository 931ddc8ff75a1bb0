"""What a service signs that does not fit the question, and what it hands out when an answer is fetched later."""

from attestation.digests import text_hash
from attestation.manifests.run_record import hash_error
from tests.conformance import actions as do
from tests.conformance.cases.answers import (
    ACCEPT,
    ASK,
    FAILING,
    FORGED,
    SIGNATURE,
    agent,
    case,
    flip_signature,
    record,
    rejected,
    run,
    stated,
)
from tests.conformance.secret_things import TO_READ_THE_ROOM

STATEMENTS = [
    case(
        "other-question",
        "the record is about another question",
        stated(prompt_hash=text_hash("Who?")),
        rejected("prompt_differs"),
    ),
    case("other-nonce", "the record repeats another nonce", stated(client_nonce="ab" * 32), rejected("nonce_differs")),
    case("no-nonce", "the record repeats no nonce", stated(client_nonce=None), rejected("run_field_missing")),
    case(
        "other-run-stated",
        "the record is about another run",
        stated(run_id="ffffffffffff"),
        rejected("run_id_differs"),
    ),
    case(
        "other-status-stated",
        "the record calls the run failed",
        stated(status="failed", outcome="agent_failed"),
        rejected("status_differs"),
    ),
    case(
        "other-room-stated",
        "the record is about another room",
        stated(room_id="room_ffffffffffff"),
        rejected("room_id_differs"),
    ),
    case(
        "other-terms-stated",
        "the run followed other terms",
        stated(room_manifest_hash="ab" * 32),
        rejected("manifest_hash_differs"),
    ),
    case(
        "other-build-stated", "another build signed", stated(compose_hash="ab" * 32), rejected("compose_hash_differs")
    ),
    case(
        "other-scope-agent-stated",
        "another scope agent ran",
        stated(scope_agent_id="ffffffffffff"),
        rejected("agent_differs"),
    ),
    case(
        "other-scope-files-stated",
        "the scope agent ran with other files",
        stated(scope_files_digest="ab" * 32),
        rejected("agent_differs"),
    ),
    case(
        "other-query-files-stated",
        "the query agent ran with other files",
        stated(query_files_digest="ab" * 32),
        rejected("agent_differs"),
    ),
    case(
        "other-mediator-stated",
        "another mediator ran",
        stated(mediator_agent_id="ffffffffffff"),
        rejected("agent_differs"),
    ),
    case(
        "other-source-stated",
        "an agent ran from another source",
        agent(source_sha256="ab" * 32),
        rejected("agent_differs"),
    ),
    case("other-image-stated", "an agent ran in another image", agent(image_id="sha256:ab"), rejected("agent_differs")),
    case(
        "agents-not-stated",
        "the record does not say which agents ran",
        stated(agents=()),
        rejected("run_field_missing"),
    ),
    case(
        "failed-with-other-error",
        "the error of a failed run was edited",
        run(lambda row: row | {"error": FORGED}),
        rejected("error_differs"),
        setting=FAILING,
    ),
    case(
        "failed-without-record",
        "a failed run has no record",
        run(lambda row: row | {"attestation": None}),
        rejected("no_envelope"),
        setting=FAILING,
    ),
    case(
        "failed-with-error-stated-otherwise",
        "the record states another error",
        stated(error_hash=hash_error("x")),
        rejected("error_differs"),
        setting=FAILING,
    ),
]
LATER = [
    case(
        f"later-{name}",
        f"an answer fetched later: {lie}",
        tell,
        expect,
        before=(ACCEPT, ASK),
        action=do.read_run(),
        may_see=TO_READ_THE_ROOM | {"owner_key"},
    )
    for name, lie, tell, expect in (
        ("output-edited", "it was edited", run(lambda row: row | {"output": FORGED}), rejected("output_differs")),
        ("no-record", "there is no record", run(lambda row: row | {"attestation": None}), rejected("no_envelope")),
        ("signature-altered", "one bit of the signature is flipped", record(flip_signature), SIGNATURE),
    )
]
CASES = (*STATEMENTS, *LATER)
