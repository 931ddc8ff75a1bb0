"""Profiles: a service, a key and a role under a name, kept as `profiles/<name>.yaml` with a pointer file.

Reads what earlier clients wrote. Names are checked before they touch a path, files are private, and a file
that is damaged is an error, never an empty profile.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import yaml

from hmctl import files, services
from hmctl.errors import ProfileProblem
from hmctl.secret import Secret
from hmctl.services import Service

Role = Literal["tenant", "admin"]
DEFAULT: Final = "default"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class Profile:
    """Who talks to which service. `api_key` is None for a profile that only knows an address."""

    name: str
    service: Service
    api_key: Secret | None
    role: Role = "tenant"


def checked_name(name: str) -> str:
    """The name, if it can be a file name and nothing more (ProfileProblem)."""
    if not _NAME.fullmatch(name):
        raise ProfileProblem(
            f"not a profile name: {name[:80]!r}",
            hint="Use letters, digits, dot, dash and underscore, at most 64, starting with a letter or digit.",
        )
    return name


class ProfileStore:
    """The profiles of one home directory."""

    def __init__(self, home: Path, *, is_default_home: bool = False) -> None:
        self.home = home
        self._is_default_home = is_default_home
        self._folder = home / "profiles"
        self._pointer = home / "active"

    def path(self, name: str) -> Path:
        """Where the profile lies, whether or not it exists."""
        return self._folder / f"{checked_name(name)}.yaml"

    def names(self) -> list[str]:
        """All profile names in order."""
        found = [name.removesuffix(".yaml") for name in files.names(self._folder) if name.endswith(".yaml")]
        return [name for name in found if _NAME.fullmatch(name) and self.exists(name)]

    def active_name(self, chosen: str | None) -> str:
        """The name to use: the one chosen, else the pointer, else `default`."""
        if chosen is not None:
            return checked_name(chosen)
        pointed = (files.read(self._pointer) or "").strip()
        return checked_name(pointed) if pointed else DEFAULT

    def exists(self, name: str) -> bool:
        """Whether there is such a profile."""
        return files.is_file(self.path(name))

    def load(self, name: str) -> Profile:
        """The profile (ProfileProblem when missing or damaged)."""
        path = self.path(name)
        text = files.read(path)
        if text is None:
            raise ProfileProblem(f"there is no profile {name!r}", hint=self._missing_hint())
        files.tighten(path, 0o600)
        return _parse(name, text, path=path)

    def save(self, profile: Profile) -> Path:
        """Writes the profile; the first one ever saved becomes the active one."""
        path = self.path(profile.name)
        fields = {
            "api_key": profile.api_key.reveal() if profile.api_key else "",
            "role": profile.role,
            "service": profile.service.url,
        }
        with files.locked(self.home):
            self._tighten_folders()
            first = not self.names()
            files.replace(path, yaml.safe_dump(fields, sort_keys=True))
            if first:
                files.replace(self._pointer, profile.name + "\n")
        return path

    def check_can_save(self, name: str) -> None:
        """Finds out before a key is made whether it could be kept (BadInput). Leaves nothing behind but folders."""
        with files.locked(self.home):
            self._tighten_folders()
            files.check_can_replace(self.path(name))
            files.check_can_replace(self._pointer)

    def activate(self, name: str) -> None:
        """Points at an existing profile."""
        self._require(name)
        with files.locked(self.home):
            files.replace(self._pointer, name + "\n")

    def rename(self, old: str, new: str) -> None:
        """Gives a profile another name that is still free; the pointer follows."""
        self._require(old)
        with files.locked(self.home):
            if self.exists(new):
                raise ProfileProblem(f"there is already a profile {new!r}")
            was_active = self.active_name(None) == old
            if was_active:
                files.check_can_replace(self._pointer)
            self.path(old).rename(self.path(new))
            if was_active:
                files.replace(self._pointer, new + "\n")

    def delete(self, name: str) -> None:
        """Removes the profile, and the pointer if it pointed there."""
        self._require(name)
        with files.locked(self.home):
            if self.active_name(None) == name:
                self._pointer.unlink(missing_ok=True)
            self.path(name).unlink()

    def _require(self, name: str) -> None:
        if not self.exists(name):
            raise ProfileProblem(f"there is no profile {name!r}", hint=self._missing_hint())

    def _missing_hint(self) -> str:
        names = self.names()
        if names:
            return f"Profiles here: {', '.join(names)}. Choose with `hmctl profile use NAME` or --profile NAME."
        return "Make one with `hmctl init --service URL --api-key -`."

    def _tighten_folders(self) -> None:
        files.private_dir(self._folder)
        files.tighten(self._folder, 0o700)
        if self._is_default_home:
            files.tighten(self.home, 0o700)


def _parse(name: str, text: str, *, path: Path) -> Profile:
    damaged = ProfileProblem(
        f"the profile file {path} is damaged", hint="Repair it or make the profile again with `hmctl init`."
    )
    try:
        fields = yaml.safe_load(text)
    except yaml.YAMLError:
        raise damaged from None
    if not isinstance(fields, dict) or not isinstance(fields.get("service"), str):
        raise damaged
    key, role = fields.get("api_key") or "", fields.get("role") or "tenant"
    if not isinstance(key, str) or role not in ("tenant", "admin"):
        raise damaged
    return Profile(
        name=name,
        service=services.parse(fields["service"]),
        api_key=Secret(key, what=f"the key of profile {name!r}") if key else None,
        role="admin" if role == "admin" else "tenant",
    )
