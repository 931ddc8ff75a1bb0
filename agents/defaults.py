"""Which agents the operator's settings make available to every tenant, and which of them a room gets unasked."""

import re
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from agents.enums import AgentType
from agents.packages import folder
from attestation.digests import SourceFile
from hivemind.kit.conf import conf

CLAUDE, HERMES = "claude_code", "hermes"
_BUNDLED = re.compile(r"(?:hivemind-)?(default-(?:scope|query|mediator)(?:-hermes)?)")
_UPLOADED = re.compile(r"[0-9a-f]{12}")
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


@dataclass(frozen=True)
class DefaultAgent:
    """One agent that the service offers. `image` is what the operator named: a bundled folder's name, or an image."""

    agent_id: str
    role: AgentType
    harness: str
    image: str

    def files(self) -> list[SourceFile]:
        """Its package: the bundled folder, or a Dockerfile that starts from the operator's image.

        Raises folder.FolderUnusable.
        """
        bundled = _BUNDLED.fullmatch(re.split(r"[:@]", self.image.rpartition("/")[2])[0])
        if bundled is not None:
            return bundled_files(bundled_folder(), bundled.group(1))
        return [SourceFile("Dockerfile", folder.PLAIN, f"FROM {self.image}\n".encode())]


def bundled_folder() -> Path:
    """Where the bundled agents lie."""
    named = conf.defaults.bundled_agents_dir
    return Path(named) if named else Path(settings.BASE_DIR) / "agents"


def bundled_files(root: Path, name: str) -> list[SourceFile]:
    """The package of the bundled agent `name` below `root`. Raises folder.FolderUnusable.

    A `-hermes` folder holds what differs from its namesake, and is laid over it where the namesake is there.
    """
    namesake = root / name.removesuffix("-hermes")
    return folder.read(root / name, over=namesake if name.endswith("-hermes") and namesake.is_dir() else None)


def offered() -> list[DefaultAgent]:
    """Every agent that an image setting turns on, each id once."""
    if not conf.defaults.autoload:
        return []
    found: dict[str, DefaultAgent] = {}
    for role in AgentType:
        for harness, suffix in ((CLAUDE, ""), (HERMES, "-hermes")):
            image = getattr(conf.defaults, f"{role}{suffix.replace('-', '_')}_image")
            agent_id = _registered_as(role, suffix)
            if image and agent_id not in found:
                found[agent_id] = DefaultAgent(agent_id, role, harness, image)
    return list(found.values())


def offered_ids() -> frozenset[str]:
    """The ids of what is offered."""
    return frozenset(agent.agent_id for agent in offered())


def pinned(role: AgentType) -> str:
    """The id of the agent that a room gets for `role` when its owner names none; empty when it gets none."""
    named = str(getattr(conf.defaults, f"{role}_agent"))
    ids = offered_ids()
    if named:
        return named
    return f"default-{role}" if f"default-{role}" in ids else ""


def _registered_as(role: AgentType, suffix: str) -> str:
    """The id of one built-in. A service default that names the other harness is not the name of this one."""
    slug = f"default-{role}{suffix}"
    named = str(getattr(conf.defaults, f"{role}{suffix.replace('-', '_')}_agent"))
    others = f"default-{role}" if suffix else f"default-{role}-hermes"
    usable = _ID.fullmatch(named) and not _UPLOADED.fullmatch(named) and named != others
    return named if usable else slug
