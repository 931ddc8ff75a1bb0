"""Everything that can go wrong in the kernel, one class per reason.

`code` never changes once published, `check` names the step that failed, `remedy` is one sentence of advice
and `str(error)` is a sentence for people. No message ever carries a token, a key or sealed text.
"""


class KernelError(Exception):
    """Root of all errors raised by this package."""

    code: str = "kernel_error"
    check: str = "kernel"
    sentence: str = "The data could not be processed."
    remedy: str = "Check where the data came from and try again."

    def __init__(self, sentence: str = "") -> None:
        super().__init__(sentence or self.sentence)


class EncodingError(KernelError):
    """Text is not strict base64 or hex, or has the wrong length."""

    code = "encoding_invalid"
    check = "encoding"
    sentence = "The text is not valid base64 or hex of the expected length."
    remedy = "Copy the value again, complete and unchanged."


class CanonicalError(KernelError):
    """A value has no canonical form, or bytes are not acceptable JSON."""

    code = "not_canonical"
    check = "canonical form"
    sentence = "The value cannot be written in canonical form."
    remedy = "Use plain JSON values: text, whole and finite numbers, lists, objects without repeated keys."


class LinkError(KernelError):
    """A text is not a usable room link."""

    code = "link_invalid"
    check = "room link"
    sentence = "This is not a complete room link."
    remedy = "Ask the room's owner for the whole hmroom:// link."


class TokenError(KernelError):
    """A text is not a bearer token of a known kind."""

    code = "token_invalid"
    check = "token"
    sentence = "This is not a valid token."
    remedy = "Copy the token again, complete and unchanged."


class SourceTreeError(KernelError):
    """A set of source files cannot be digested without ambiguity."""

    code = "source_tree_invalid"
    check = "source files"
    sentence = "The set of source files is ambiguous: two files share a path, or a path is not encodable."
    remedy = "Rename the file in question and upload again."


class SealError(KernelError):
    """A seal cannot be made or opened."""

    code = "seal_error"
    check = "seal"
    sentence = "The seal cannot be used."
    remedy = "Present a credential that has a right to this content."


class SealBroken(SealError):
    """Sealed bytes did not open: other key, other place, or changed bytes. Which of them is not told."""

    code = "seal_broken"
    sentence = "The sealed content does not open with this key in this place."


class VerificationError(KernelError):
    """Something offered as proof was checked and is bad (or, see `CouldNotCheck`, could not be checked)."""

    code = "verification_failed"
    check = "verification"
    sentence = "The proof does not hold."
    remedy = "Do not send anything to this service until the reason is known."


class CouldNotCheck(VerificationError):
    """The check was not possible. Never to be treated as passed."""

    code = "could_not_check"
    sentence = "The proof could not be checked."
    remedy = "Get the missing information and check again."


class BadSignature(VerificationError):
    """An Ed25519 signature does not verify under the given key."""

    code = "signature_invalid"
    check = "signature"
    sentence = "The signature does not verify: the content was forged or altered."


class BadKey(VerificationError):
    """A public key is not 32 bytes of base64, or is a point under which anything verifies."""

    code = "key_invalid"
    check = "public key"
    sentence = "The public key is not a usable Ed25519 key."
    remedy = "Copy the link again, complete and unchanged; if it stays so, do not use it."


class ManifestError(VerificationError):
    """A manifest, or a request for one, breaks a rule. `field` is the dotted name of the member."""

    check = "manifest"
    remedy = "Correct the field and try again."

    def __init__(self, code: str, field: str, sentence: str = "") -> None:
        super().__init__(sentence or f"The field {field} is not acceptable.")
        self.code = code
        self.field = field


class ManifestMissing(VerificationError):
    """The envelope has no manifest object or no hash."""

    code = "manifest_or_hash_missing"
    check = "envelope parts"
    sentence = "The room has no signed manifest."
    remedy = "Ask the owner to create the room again."


class SignatureMissing(VerificationError):
    """The envelope has no signature or names no signer."""

    code = "signature_or_signer_missing"
    check = "envelope parts"
    sentence = "The room manifest is not signed."
    remedy = "Do not use this room; ask the owner for a new link."


class SignerIsNotLinkKey(VerificationError):
    """Signed, but not by the key the caller holds for the owner."""

    code = "signer_is_not_link_key"
    check = "owner key"
    sentence = "The room was signed by another key than the one in the link."
    remedy = "Do not use this room; ask the owner for the link over another channel."


class SignerIsNotOwnerKey(VerificationError):
    """The signer differs from the owner key written in the manifest itself."""

    code = "signer_is_not_manifest_owner_key"
    check = "owner key"
    sentence = "The room names one owner key and is signed by another."
    remedy = "Do not use this room; ask the owner for a new link."


class HashMismatch(VerificationError):
    """The manifest does not hash to the stated value."""

    code = "hash_mismatch"
    check = "manifest hash"
    sentence = "The room manifest was changed after it was hashed."
    remedy = "Do not use this room; ask the owner for a new link."


class OtherRoom(VerificationError):
    """A genuine manifest, but of another room."""

    code = "room_id_differs"
    check = "room id"
    sentence = "The service answered with another room than the one asked for."
    remedy = "Do not use this service for this room."


class OtherTenant(VerificationError):
    """A genuine manifest, but of another tenant."""

    code = "tenant_id_differs"
    check = "tenant id"
    sentence = "The room belongs to another tenant than expected."


class RoomRolledBack(VerificationError):
    """An older signed version of the room than one already seen."""

    code = "serial_rolled_back"
    check = "serial number"
    sentence = "The service offers an older version of the room than the one seen before."
    remedy = "Do not use this service until it serves the current version."


class RoomExpired(VerificationError):
    """The owner's signature was limited in time, and the time is over."""

    code = "room_expired"
    check = "expiry"
    sentence = "The room has expired."
    remedy = "Ask the owner to renew the room."


class ComposeNotAllowed(VerificationError):
    """The running build is not on the room's list."""

    code = "compose_not_allowed"
    check = "room trust"
    sentence = "The running service build is not one that this room allows."
    remedy = "Ask the room's owner to review and approve the new build."


class LiveComposeUnknown(CouldNotCheck):
    """The room demands particular builds, and the running one is not known."""

    code = "live_compose_unknown"
    check = "room trust"
    sentence = "This room allows particular builds only, and the running build is not proven."
    remedy = "Use a service that runs in attested hardware."


class RunRecordMissing(VerificationError):
    """The server attached no signed record to the run."""

    code = "no_envelope"
    check = "run record"
    sentence = "The server attached no signed record to this run."


class RunRecordIncomplete(VerificationError):
    """Body, signature or signer is missing."""

    code = "envelope_incomplete"
    check = "run record"
    sentence = "The signed record of this run is incomplete."


class RunSignerUnknown(CouldNotCheck):
    """The caller has no proven run-signer key to compare with."""

    code = "run_signer_unknown"
    check = "run signer"
    sentence = "The key that signs runs on this service is not known, so the record proves nothing."
    remedy = "Fetch and verify the service's attestation first."


class RunSignerDiffers(VerificationError):
    """The record was signed by another key than the proven run signer."""

    code = "signer_key_differs"
    check = "run signer"
    sentence = "The run was signed by another key than the service's proven run signer."


class RunFieldDiffers(VerificationError):
    """A signed statement of the record is not the expected one; the subject is in `field`."""

    check = "run record"

    def __init__(self, code: str, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.field = field


class RunFieldMissing(CouldNotCheck):
    """The record does not state what the caller wants checked (an older server, or a stripped record)."""

    code = "run_field_missing"
    check = "run record"

    def __init__(self, field: str) -> None:
        super().__init__(f"The signed record says nothing about {field}.")
        self.field = field


class PinSignerDiffers(VerificationError):
    """A compose pin signed by another key than the tenant's."""

    code = "pin_signer_differs"
    check = "compose pin"
    sentence = "The compose pin was signed by another key than the tenant's."
    remedy = "Sign the pin with the tenant's current key."


class PinExpired(VerificationError):
    """A compose pin past its time."""

    code = "pin_expired"
    check = "compose pin"
    sentence = "The compose pin has expired."
    remedy = "Sign a new pin."
