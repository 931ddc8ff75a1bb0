"""The form of all policies and the ways to combine them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from attestation.errors import CouldNotCheck, VerificationError
from attestation.policy.errors import NoAlternativeAccepts, NoAlternativeChecked, PolicyEmpty

_Shown_contra = TypeVar("_Shown_contra", contravariant=True)
_Value = TypeVar("_Value")


class Policy(Protocol[_Shown_contra]):
    """A demand on a verified value."""

    def verify(self, value: _Shown_contra) -> None:
        """Returns when the value meets the demand, raises a VerificationError otherwise."""


@dataclass(frozen=True)
class AllOf(Generic[_Value]):
    """Accepts what every one of its policies accepts. Without any it accepts nothing."""

    policies: Sequence[Policy[_Value]]

    def verify(self, value: _Value) -> None:
        """Raises the first refusal, or PolicyEmpty."""
        if not self.policies:
            raise PolicyEmpty
        for policy in self.policies:
            policy.verify(value)


@dataclass(frozen=True)
class AnyOf(Generic[_Value]):
    """Accepts what at least one of its policies accepts. Without any it accepts nothing."""

    policies: Sequence[Policy[_Value]]

    def verify(self, value: _Value) -> None:
        """Raises NoAlternativeChecked if an alternative could not be checked, else NoAlternativeAccepts."""
        if not self.policies:
            raise PolicyEmpty
        refusals: list[VerificationError] = []
        for policy in self.policies:
            try:
                policy.verify(value)
                return
            except VerificationError as refusal:
                refusals.append(refusal)
        if any(isinstance(refusal, CouldNotCheck) for refusal in refusals):
            raise NoAlternativeChecked(refusals)
        raise NoAlternativeAccepts(refusals)


@dataclass(frozen=True)
class UnsafeNoPolicy:
    """Accepts everything. For tests and for looking at evidence without relying on it."""

    def verify(self, value: object) -> None:
        """Never refuses."""


@dataclass(frozen=True)
class NotGiven:
    """The caller makes no demand of this kind, and why. Reported as not checked."""

    reason: str


def is_unchecked(policy: object) -> bool:
    """Whether the policy accepts whatever it is shown, alone or as part of a combination."""
    if isinstance(policy, AllOf):
        return bool(policy.policies) and all(is_unchecked(part) for part in policy.policies)
    if isinstance(policy, AnyOf):
        return any(is_unchecked(part) for part in policy.policies)
    return isinstance(policy, UnsafeNoPolicy | NotGiven)
