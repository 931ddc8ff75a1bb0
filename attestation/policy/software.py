"""Demands on what runs inside the machine: build, application, source of keys."""

from dataclasses import dataclass

from attestation.evidence.identity import KeyProvider
from attestation.evidence.machine import AttestedMachine
from attestation.policy.errors import AppRefused, BuildRefused, KeyProviderRefused, PolicyEmpty, SubjectUnknown


@dataclass(frozen=True)
class ComposePolicy:
    """Accepts the builds with these compose hashes (lowercase hex)."""

    allowed: frozenset[str]

    def verify(self, value: AttestedMachine) -> None:
        """Raises BuildRefused, SubjectUnknown or PolicyEmpty."""
        if not self.allowed:
            raise PolicyEmpty
        if value.compose is None:
            raise SubjectUnknown("build")
        if value.compose.value not in self.allowed:
            raise BuildRefused


@dataclass(frozen=True)
class AppPolicy:
    """Accepts the application with this id (lowercase hex), whatever its build."""

    app_id: str

    def verify(self, value: AttestedMachine) -> None:
        """Raises AppRefused, SubjectUnknown or PolicyEmpty."""
        if not self.app_id:
            raise PolicyEmpty
        if value.facts is None:
            raise SubjectUnknown("application")
        if value.facts.app_id != self.app_id:
            raise AppRefused


@dataclass(frozen=True)
class KeyProviderPolicy:
    """Accepts machines whose keys come from one of these places."""

    allowed: frozenset[KeyProvider]

    def verify(self, value: AttestedMachine) -> None:
        """Raises KeyProviderRefused, SubjectUnknown or PolicyEmpty."""
        if not self.allowed:
            raise PolicyEmpty
        if value.facts is None or value.facts.key_provider is None:
            raise SubjectUnknown("key provider")
        if value.facts.key_provider not in self.allowed:
            raise KeyProviderRefused
