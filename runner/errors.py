"""What a run is refused for, and how a stage ends without a result."""

from billing.money import dollars
from hivemind.kit.errors import Conflict, Denied, Gone, Invalid, NotFound, Unavailable, Unpayable
from runner.enums import FailureCode


class RunNotFound(NotFound):
    """No such run, or not one that this caller may see."""

    code = "run_not_found"
    sentence = "Run not found"


class ArtifactNotFound(NotFound):
    """No such artifact, or not one that this caller may see."""

    code = "artifact_not_found"
    sentence = "Artifact not found"


class ArtifactExpired(Gone):
    """The artifact was there, and its time is over."""

    code = "artifact_expired"
    sentence = "The artifact was kept for its time and is gone"


class ReceiptMissing(NotFound):
    """The run ended without a record: its row was too damaged to be signed."""

    code = "receipt_missing"
    sentence = "This run has no receipt"


class BadArtifactName(Invalid):
    """The name is not one an artifact may have."""

    code = "bad_artifact_name"
    sentence = "Artifact names are up to 128 letters, digits, dots, dashes and underscores"


class BadIdempotencyKey(Invalid):
    """The header does not have the documented form."""

    code = "bad_idempotency_key"
    sentence = "X-Hivemind-Idempotency-Key must be 12 to 64 hexadecimal digits"


class IdempotencyClash(Conflict):
    """The key was used for something else: another room, another caller or another request."""

    code = "idempotency_clash"
    sentence = "X-Hivemind-Idempotency-Key was already used for a different request"


class QueryAgentRequired(Invalid):
    """The room is uploadable and the request names no query agent."""

    code = "query_agent_required"
    sentence = "query_agent_id is required: this room has no query agent of its own"


class AgentNotInRoom(NotFound):
    """The named agent does not exist for this caller in this room."""

    code = "agent_not_in_room"
    sentence = "Agent not found"


class RoomTakesNoPackages(Denied):
    """The room's query agent is fixed."""

    code = "room_takes_no_packages"
    sentence = "This room has a fixed query agent; participants cannot bring their own"


class UploadNotAllowed(Denied):
    """The invite was made without the right to bring a query agent."""

    code = "upload_not_allowed"
    sentence = "This invite does not allow a query agent of one's own"


class PolicyFixed(Invalid):
    """The request names another policy than the manifest."""

    code = "policy_fixed"
    sentence = "The policy is fixed by the room manifest"


class AgentChanged(Conflict):
    """An agent is not the one that the room's manifest signs."""

    code = "agent_changed"
    sentence = "An agent of this room is not the one that its manifest signs"


class MediatorFixed(Invalid):
    """The request names another mediator than the manifest."""

    code = "mediator_fixed"
    sentence = "The mediator agent is fixed by the room manifest"


class ProviderNotAllowed(Invalid):
    """The request names a model provider that the manifest does not allow."""

    code = "provider_not_allowed"
    sentence = "That LLM provider is not allowed by this room"


class RouteDisabled(Unavailable):
    """The operator switched this provider or model off, or has no key for it."""

    code = "route_disabled"
    sentence = "That model route is disabled by operator"


class MaxCostExceeded(Unpayable):
    """The run could cost more than the asker allows."""

    code = "max_cost_exceeded"

    def __init__(self, *, max_cost_micro_usd: int, quoted_micro_usd: int) -> None:
        super().__init__(
            f"This run can cost up to {dollars(quoted_micro_usd)} dollars, more than the "
            f"{dollars(max_cost_micro_usd)} that you allow. Ask for fewer tokens or a cheaper model",
            max_cost_micro_usd=max_cost_micro_usd,
            quoted_micro_usd=quoted_micro_usd,
        )


class RunOver(Conflict):
    """The run has already ended."""

    code = "run_over"
    sentence = "The run has already ended"


class RunNotOver(Conflict):
    """There is no receipt before the end."""

    code = "run_not_over"
    sentence = "The run has not ended yet"


class NotYourRun(Denied):
    """Only who asked, or the room's owner, may stop a run."""

    code = "not_your_run"
    sentence = "Only the owner of the room or whoever asked may cancel a run"


class StageFailed(Exception):
    """A stage gave no result. `sentence` is ours: it never holds a word that an agent chose."""

    def __init__(self, code: FailureCode, sentence: str, *, reason: str = "", exit_code: int | None = None) -> None:
        super().__init__(sentence)
        self.code, self.sentence, self.reason, self.exit_code = code, sentence, reason, exit_code


class RunCancelled(Exception):
    """Somebody with a right to it asked for the run to stop."""


class OwnerOnlyFilter(Denied):
    """Only the owner may list one guest's runs."""

    code = "owner_only_filter"
    sentence = "token_id is a filter for the owner"
