"""What the world of agents says no to."""

from hivemind.kit.errors import Conflict, Denied, Invalid, NotFound


class AgentNotFound(NotFound):
    """No such agent, or not one that this caller may see."""

    code = "agent_not_found"
    sentence = "Agent not found"


class FileNotFound(NotFound):
    """No such file in the agent's package."""

    code = "agent_file_not_found"
    sentence = "File not found"


class SourceSealed(Denied):
    """The source of a sealed agent is served to nobody."""

    code = "agent_source_sealed"
    sentence = "This agent is sealed: its source is not served"


class BadArchive(Invalid):
    """The archive breaks a limit or a rule."""

    code = "bad_archive"
    sentence = "Invalid archive"


class ArchiveTooLarge(BadArchive):
    """The compressed archive is over its limit."""

    code = "archive_too_large"
    sentence = "Invalid archive: it is larger than 50 MiB"


class BadAgentType(Invalid):
    """The form names a type that does not exist."""

    code = "bad_agent_type"
    sentence = "agent_type must be one of: mediator, query, scope"


class BadInspectionMode(Invalid):
    """The form names a mode that does not exist."""

    code = "bad_inspection_mode"
    sentence = "inspection_mode must be one of: full, sealed"


class BadPrivatePaths(Invalid):
    """The form's list of private paths is not a JSON list of strings."""

    code = "bad_private_paths"
    sentence = "private_paths must be a JSON list of strings"


class DockerfileMissing(BadArchive):
    """An image could never be made of it."""

    code = "dockerfile_missing"
    sentence = "Invalid archive: it has no Dockerfile at its root"


class TooManyUploads(Conflict):
    """The participant, or all participants of the room together, have as many packages there as they may."""

    code = "too_many_uploads"
    sentence = "This room keeps no more packages of yours: delete one of them, or ask with one that is there"


class TooManyAgents(Conflict):
    """The tenant has as many agents as it may."""

    code = "too_many_agents"
    sentence = "This tenant has as many agents as it may: delete one that no room uses"


class TooMuchSource(Conflict):
    """The tenant's packages together are as large as they may be."""

    code = "too_much_source"
    sentence = "The packages of this tenant are as large together as they may be: delete one that no room uses"


class AgentBusy(Conflict):
    """A run that has not ended uses the agent."""

    code = "agent_busy"
    sentence = "A run still uses this agent; cancel it first, or wait for its end"


class BuildNotFound(NotFound):
    """The agent was never built, or its log is another's to read."""

    code = "build_not_found"
    sentence = "There is no build of this agent whose log you may read"


class AgentInUse(Conflict):
    """A room that is still open names the agent."""

    code = "agent_in_use"
    sentence = "This agent is named by a room; revoke the room first"


class BuildAbandoned(Exception):
    """The image was not built, because what it was for had been stopped."""


class ImageNotBuilt(Exception):
    """The agent's image is not there and cannot be built.

    The text is the builder's and is for whoever uploaded the package. `reason` is for everybody: it holds no word that
    stands in the package.
    """

    def __init__(self, text: str, *, reason: str = "the platform could not build it") -> None:
        super().__init__(text)
        self.reason = reason
