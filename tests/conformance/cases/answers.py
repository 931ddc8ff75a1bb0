"""Lies about an answer, told by a service that was rightly asked: replayed, edited, signed by somebody else."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from attestation.digests import text_hash
from attestation.encoding import b64, unb64
from attestation.manifests.run_record import RunBody
from tests.conformance import actions as do
from tests.conformance.case import HONEST, Case, Expect
from tests.conformance.secret_things import TO_ASK
from tests.conformance.setting import DEVELOPMENT, Setting
from tests.conformance.world import World

FORGED = "Rents rose by a hundred percent."
ACCEPT, ASK = do.accept_room(by="link"), do.ask(by="link")
FAILING = Setting(outcome="failed")
Tell = Callable[[World], object]
Row = dict[str, Any]


def rejected(code: str, check: str = "run record") -> Expect:
    return Expect(6, check, code)


SIGNATURE = rejected("signature_invalid", "signature")


def case(name: str, lie: str, tell: Tell, expect: Expect, **more: Any) -> Case:
    chosen: dict[str, Any] = {
        "before": (ACCEPT,),
        "action": ASK,
        "may_see": TO_ASK,
        "as_person": expect.exit == 6,
    } | more
    return Case(name=f"answer/{name}", lie=lie, tell=tell, expect=expect, **chosen)


def run(change: Callable[[Row], Row]) -> Tell:
    """The run's row goes out changed."""

    def tell(world: World) -> None:
        world.forged.append(FORGED)
        world.service.change("run", lambda row: change(json.loads(json.dumps(row))))

    return tell


def record(change: Callable[[Row], object]) -> Tell:
    """The signed record goes out changed."""

    def changed(row: Row) -> Row:
        change(row["attestation"])
        return row

    return run(changed)


def stated(**changes: Any) -> Tell:
    """The service itself signs something else."""
    return lambda world: world.service.change("body", lambda body: replace(body, **changes))


def agent(**changes: Any) -> Tell:
    def change(body: RunBody) -> RunBody:
        first, *others = body.agents or ()
        return replace(body, agents=(replace(first, **changes), *others))

    return lambda world: world.service.change("body", change)


def flip_signature(record: Row) -> None:
    signature = bytearray(unb64(record["signature_b64"]))
    signature[5] ^= 1
    record["signature_b64"] = b64(bytes(signature))


def _edited_with_its_hash(row: Row) -> Row:
    row["attestation"]["body"]["output_hash"] = text_hash(FORGED)
    return row | {"output": FORGED}


def _failed_instead(row: Row) -> Row:
    return row | {"status": "failed", "output": None, "error": "Query agent failed: it was tired"}


def _completed_instead(row: Row) -> Row:
    return row | {"status": "completed", "output": FORGED, "error": None}


_FETCH = do.ask(**{"by": "link", "with": "artifacts"})
RECORDS = [
    case(
        "no-record",
        "there is no signed record",
        run(lambda row: row | {"attestation": None}),
        rejected("no_envelope"),
    ),
    case(
        "record-without-signature",
        "the record is not signed",
        record(lambda r: r.pop("signature_b64")),
        rejected("envelope_incomplete"),
    ),
    case(
        "record-without-signer",
        "the record names no signer",
        record(lambda r: r.pop("signer_pubkey_b64")),
        rejected("envelope_incomplete"),
    ),
    case(
        "record-without-statement",
        "the record states nothing",
        record(lambda r: r.update(body={})),
        rejected("envelope_incomplete"),
    ),
    case("signature-altered", "one bit of the signature is flipped", record(flip_signature), SIGNATURE),
    case(
        "statement-altered",
        "a signed member was changed",
        record(lambda r: r["body"].update(container_runtime="runc")),
        SIGNATURE,
    ),
    case(
        "member-added",
        "a member was added to the signed statement",
        record(lambda r: r["body"].update(more=1)),
        SIGNATURE,
    ),
]
TEXTS = [
    case(
        "output-edited",
        "the answer was edited",
        run(lambda row: row | {"output": FORGED}),
        rejected("output_differs"),
    ),
    case(
        "output-edited-in-development",
        "the answer was edited by a development service",
        run(lambda row: row | {"output": FORGED}),
        rejected("output_differs"),
        setting=DEVELOPMENT,
    ),
    case(
        "output-edited-with-its-hash",
        "the answer was edited, and its hash with it",
        run(_edited_with_its_hash),
        SIGNATURE,
    ),
    case(
        "output-missing",
        "the run has an answer, and it is not given",
        run(lambda row: row | {"output": None}),
        rejected("output_missing"),
    ),
    case(
        "end-cut-off",
        "the end of the answer is missing",
        run(lambda row: row | {"output": row["output"][:-4]}),
        rejected("output_differs"),
    ),
    case(
        "space-added",
        "a space was added to the answer",
        run(lambda row: row | {"output": row["output"] + " "}),
        rejected("output_differs"),
    ),
    case("called-failed", "a run that was answered is called failed", run(_failed_instead), rejected("output_differs")),
    case(
        "called-completed",
        "a run that failed is called answered",
        run(_completed_instead),
        rejected("output_differs"),
        setting=FAILING,
    ),
    case(
        "file-edited",
        "a file that came with the answer was edited",
        lambda world: world.service.change("artifact", lambda data: data + b" "),
        rejected("artifact_differs", "artifacts"),
        action=_FETCH,
        as_person=False,
    ),
    case(
        "file-added",
        "a file is shown that the record does not name",
        run(lambda row: row | {"artifacts": [*row["artifacts"], row["artifacts"][0] | {"filename": "more.txt"}]}),
        rejected("artifact_differs", "artifacts"),
        action=_FETCH,
        as_person=False,
    ),
    case(
        "file-withheld",
        "a file that the record names is not shown: it may be gone after its time, but the user is told",
        run(lambda row: row | {"artifacts": row["artifacts"][:1]}),
        HONEST,
        action=_FETCH,
        prints=lambda world: "the record names it, the service does not show it",
    ),
    case(
        "cost-changed",
        "the run is said to have cost something else than was signed",
        run(lambda row: row | {"billing_cost_micro_usd": 1}),
        rejected("cost_differs"),
    ),
]
CASES = (*RECORDS, *TEXTS)
