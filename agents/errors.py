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


class AgentInUse(Conflict):
    """A room that is still open names the agent."""

    code = "agent_in_use"
    sentence = "This agent is named by a room; revoke the room first"


class BuildAbandoned(Exception):
    """The image was not built, because what it was for had been stopped."""


class ImageNotBuilt(Exception):
    """The agent's image is not there and cannot be built. The text is the builder's and is for the agent's owner."""
