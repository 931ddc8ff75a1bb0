"""How policies refuse, one class per reason."""

from collections.abc import Sequence

from attestation.errors import CouldNotCheck, VerificationError


class PolicyEmpty(VerificationError):
    """A policy that lists nothing was asked to accept something."""

    code = "policy_empty"
    check = "policy"
    sentence = "The policy lists nothing that it would accept."
    remedy = "Say what is acceptable."


class NoAlternativeAccepts(VerificationError):
    """All alternatives refused; `refusals` holds why."""

    code = "no_alternative_accepts"
    check = "policy"
    sentence = "None of the acceptable alternatives holds."

    def __init__(self, refusals: Sequence[VerificationError] = ()) -> None:
        super().__init__(" ".join([self.sentence, *map(str, refusals)]))
        self.refusals = tuple(refusals)


class NoAlternativeChecked(CouldNotCheck):
    """No alternative accepted, and at least one of them could not be checked; `refusals` holds why."""

    code = "no_alternative_checked"
    check = "policy"
    sentence = "None of the acceptable alternatives could be confirmed."

    def __init__(self, refusals: Sequence[VerificationError] = ()) -> None:
        super().__init__(" ".join([self.sentence, *map(str, refusals)]))
        self.refusals = tuple(refusals)


class TcbStatusRefused(VerificationError):
    """The maker's verdict on the machine is not among the accepted ones."""

    code = "tcb_status_refused"
    check = "tcb status"
    sentence = "The state of the machine's firmware is not acceptable."
    remedy = "Ask the operator to update the machine's firmware."

    def __init__(self, status: str = "", advisory_ids: Sequence[str] = ()) -> None:
        advice = f" ({', '.join(advisory_ids)})" if advisory_ids else ""
        super().__init__(f"The state of the machine's firmware is {status}{advice}." if status else "")
        self.status = status
        self.advisory_ids = tuple(advisory_ids)


class AdvisoryRefused(VerificationError):
    """The machine has a known weakness that the caller does not accept."""

    code = "advisory_refused"
    check = "advisories"
    sentence = "The machine has a known weakness that is not acceptable."
    remedy = "Ask the operator to update the machine's firmware."

    def __init__(self, advisory_ids: Sequence[str] = ()) -> None:
        super().__init__(f"The machine is subject to {', '.join(advisory_ids)}." if advisory_ids else "")
        self.advisory_ids = tuple(advisory_ids)


class EvaluationNumberTooLow(VerificationError):
    """The verdict comes from an older edition of the maker's list than demanded."""

    code = "evaluation_number_too_low"
    check = "evaluation number"
    sentence = "The hardware maker's data are from an older edition than demanded."
    remedy = "Fetch the current edition and check again."


class DevelopmentRefused(VerificationError):
    """Evidence under a development root where hardware is demanded."""

    code = "development_refused"
    check = "root of trust"
    sentence = "The evidence was made for development and proves nothing about hardware."
    remedy = "Use a service that runs in attested hardware."


class OsImageRefused(VerificationError):
    """Firmware, kernel or their configuration are not among the known ones."""

    code = "os_image_refused"
    check = "os image"
    sentence = "The machine runs another operating system than the known ones."
    remedy = "Compare the measurements with those of a reviewed image before you add them."


class BuildRefused(VerificationError):
    """The proven build is not on the caller's list."""

    code = "build_refused"
    check = "compose hash"
    sentence = "The machine runs another build than the accepted ones."
    remedy = "Review the new build before you accept it."


class AppRefused(VerificationError):
    """Another application than the expected one."""

    code = "app_refused"
    check = "app id"
    sentence = "The machine runs another application than the expected one."


class KeyProviderRefused(VerificationError):
    """The machine's keys come from another place than the expected one."""

    code = "key_provider_refused"
    check = "key provider"
    sentence = "The machine gets its keys from another provider than the expected one."


class KeyRootRefused(VerificationError):
    """The chain of keys begins at another key service, or belongs to another application."""

    code = "key_root_refused"
    check = "run signer chain"
    sentence = "The key that signs runs does not come from an accepted key service."


class SubjectUnknown(CouldNotCheck):
    """The evidence says nothing about what the policy is about; `subject` names it."""

    code = "policy_subject_unknown"
    check = "policy"
    sentence = "The evidence does not contain what the policy is about."
    remedy = "Use a service that publishes its complete event log."

    def __init__(self, subject: str = "") -> None:
        super().__init__(f"The evidence does not tell the machine's {subject}." if subject else "")
        self.subject = subject
