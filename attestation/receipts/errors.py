"""What can be wrong with a receipt, one class per reason."""

from attestation.errors import CouldNotCheck, VerificationError


class ReceiptMalformed(VerificationError):
    """The document has other parts than a receipt."""

    code = "receipt_malformed"
    check = "receipt"
    sentence = "This is not a complete, unchanged receipt."
    remedy = "Fetch the receipt from the service again."


class ReceiptRespelled(ReceiptMalformed):
    """The file is JSON, and not canonical: a program formatted it anew, or somebody changed it."""

    code = "receipt_respelled"
    sentence = "The file is not byte for byte as receipts are given out."
    remedy = "Use the receipt as it was downloaded, not a formatted copy, or fetch it from the service again."


class ReceiptVersionUnknown(CouldNotCheck):
    """A receipt of a later form."""

    code = "receipt_version_unknown"
    check = "receipt"
    sentence = "The receipt is of a version that this program does not know."
    remedy = "Check it with a newer version of this program."


class ReceiptInconsistent(VerificationError):
    """The signed statement contradicts itself; `field` names where."""

    code = "receipt_inconsistent"
    check = "consistency"
    sentence = "The signed statement contradicts itself."

    def __init__(self, field: str = "", sentence: str = "") -> None:
        super().__init__(sentence or (f"The signed statement contradicts itself ({field})." if field else ""))
        self.field = field


class EvidenceDiffers(VerificationError):
    """The evidence is not the one that the record names."""

    code = "evidence_differs"
    check = "evidence"
    sentence = "The evidence in the receipt is not the one that the signed record names."


class CollateralMissing(CouldNotCheck):
    """There is a quote, and nothing of its maker to check it with."""

    code = "collateral_missing"
    check = "evidence"
    sentence = "The receipt holds a hardware quote without the maker's statements that belong to it."
    remedy = "Get the collateral for this quote and give it with the receipt."


class SignerNotBound(CouldNotCheck):
    """The quote was made without naming the key that signs runs."""

    code = "signer_not_bound"
    check = "run signer"
    sentence = "The hardware quote does not name the key that signed the record."
    remedy = "Compare the key with one that you verified at the service, and give that one."


class DevelopmentSignerOnly(CouldNotCheck):
    """The signer is a development key, and the caller did not accept one."""

    code = "development_signer"
    check = "run signer"
    sentence = "The record was signed with a development key, which proves nothing about hardware."
    remedy = "Accept development keys (--accept-development) if you trust the operator of this service without proof."


class RoomEnvelopeMissing(CouldNotCheck):
    """The receipt comes without the room's terms."""

    code = "room_envelope_missing"
    check = "room"
    sentence = "The receipt does not hold the room's signed terms."
    remedy = "Ask the room's owner for the terms of that time."


class RoomContradicted(VerificationError):
    """The run differs from what the owner signed; `field` names the signed statement."""

    code = "room_contradicted"
    check = "room"
    sentence = "The run did not follow the terms that the room's owner signed."

    def __init__(self, field: str = "") -> None:
        super().__init__(f"{self.sentence[:-1]} ({field})." if field else "")
        self.field = field


class ArtifactDiffers(VerificationError):
    """A file is not the one that left with the answer."""

    code = "artifact_differs"
    check = "artifacts"
    sentence = "A file was changed after it was signed."

    def __init__(self, filename: str = "") -> None:
        super().__init__(f"The file {filename} is not the one that was signed." if filename else "")


class ArtifactUnknown(VerificationError):
    """A file that the record does not name."""

    code = "artifact_unknown"
    check = "artifacts"
    sentence = "A file does not belong to this run."

    def __init__(self, filename: str = "") -> None:
        super().__init__(f"The file {filename} does not belong to this run." if filename else "")


class ArtifactMissing(CouldNotCheck):
    """A file that the record names is not there."""

    code = "artifact_missing"
    check = "artifacts"
    sentence = "A file that the record names was not given."
    remedy = "Give the folder with all files of the run."


class TextUnreadable(CouldNotCheck):
    """What was given as question or answer is no text."""

    code = "text_unreadable"
    check = "answer"
    sentence = "The file is not UTF-8 text, so it cannot be compared with a question or an answer."
    remedy = "Give the text as it was asked or shown, saved as UTF-8."
