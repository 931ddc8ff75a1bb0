"""What can be wrong with what leads from a build to its source, one class per reason.

A CouldNotCheck makes a link partial, every other one makes it failed. `details` says by subject what was seen.
"""

from collections.abc import Mapping

from attestation.errors import CouldNotCheck, VerificationError


class LinkFailed(VerificationError):
    """A link was checked and does not hold."""

    code = "link_failed"
    check = "reproduction"
    remedy = "Do not rely on this build; ask its operator."

    def __init__(self, sentence: str = "", *, details: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.details = dict(details or {})


class LinkPartial(CouldNotCheck):
    """A link could not be checked, or not to its end."""

    code = "link_partial"
    check = "reproduction"

    def __init__(self, sentence: str = "", *, details: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.details = dict(details or {})


class RegistryAnswerMalformed(CouldNotCheck):
    """A registry contract's answer is not of its interface."""

    code = "registry_answer_malformed"
    check = "registry"
    sentence = "The registry's answer is not of the form that its contract would give."
    remedy = "Check the contract address, the chain and the RPC address in the trust policy."


class LinkNotReached(LinkPartial):
    """A link hangs on an earlier one that is not there."""

    code = "link_not_reached"
    sentence = "Not reached, because an earlier link is missing."
    remedy = "Mend the earlier link first."


class EvidenceNotVerified(LinkFailed):
    """The service's evidence was refused before the chain began."""

    code = "evidence_not_verified"
    check = "quote"
    sentence = "The service's evidence was not verified."


class EvidenceIncomplete(LinkPartial):
    """The quote holds, but what it proves depends on checks that were left out."""

    code = "evidence_incomplete"
    check = "quote"
    sentence = "The quote holds, but checks that its meaning depends on were left out."
    remedy = "Add what is missing to the trust policy, such as the measurements of the operating system image."


class EvidenceIsDevelopment(LinkPartial):
    """The quote leads to a development root."""

    code = "evidence_is_development"
    check = "quote"
    sentence = "The quote leads to a development root and proves nothing about hardware."
    remedy = "Use a service that runs in attested hardware."


class BuildUnproven(LinkPartial):
    """The quote does not tell the build."""

    code = "build_unproven"
    check = "quote"
    sentence = "The quote holds, but does not tell which build runs."
    remedy = "Ask the operator to publish the event log or the configuration document."


class AppComposeUnavailable(LinkPartial):
    """The text behind the build's hash is not there."""

    code = "app_compose_unavailable"
    check = "app compose"
    sentence = "The app compose text is not there."
    remedy = "Give it with --app-compose, or ask the operator to publish it."


class AppComposeDiffers(LinkFailed):
    """The text is not the one that the quote measures."""

    code = "app_compose_differs"
    check = "app compose"
    sentence = "The app compose text does not hash to the proven build."


class AppComposeMalformed(LinkFailed):
    """The text is the measured one, and has another form than any known runner reads."""

    code = "app_compose_malformed"
    check = "app compose"
    sentence = "The app compose text is not of the known form."


class LaunchUnreviewed(LinkPartial):
    """The machine runs or reads more at its start than the compose file."""

    code = "launch_unreviewed"
    check = "launch settings"
    sentence = "The build starts with more than its compose file, and you have not reviewed that."
    remedy = "Read the parts that are named; give the SHA-256 of each one that you accept with --reviewed."


class SourceUnnamed(LinkPartial):
    """Nobody whom the user trusts for it says where the source is."""

    code = "source_unnamed"
    check = "source"
    sentence = "Nobody that you chose says which commit this build was made from."
    remedy = "Pin the operator's registry in the trust policy, or give --source-url and --commit."


class RegistryUndecided(LinkPartial):
    """The pinned registry could not be asked, or its answer cannot be relied on."""

    code = "registry_undecided"
    check = "source"
    sentence = "The registry gave no answer that can be relied on."
    remedy = "Check the registry in the trust policy, or give --source-url and --commit."


class RegistryRefuses(LinkFailed):
    """The pinned registry does not approve the build."""

    code = "registry_refuses"
    check = "source"
    sentence = "The registry that you pinned does not approve this build."


class SourceContradicted(LinkFailed):
    """Registry and user name different sources."""

    code = "source_contradicted"
    check = "source"
    sentence = "The registry names another source than you gave."


class SourceElsewhere(LinkPartial):
    """The address is not of a form that can be fetched at a commit."""

    code = "source_elsewhere"
    check = "source"
    sentence = "The source's address is not a file at a commit on GitHub."
    remedy = "Give the file's GitHub address with --source-url and its commit with --commit."


class SourceMalformed(LinkFailed):
    """The named source has a form that nothing can be fetched by."""

    code = "source_malformed"
    check = "source"
    sentence = "The named source is not a commit of 40 hex digits and the address of a file at that commit."


class CommitDiffers(LinkFailed):
    """The address names another state of the repository than the commit."""

    code = "commit_differs"
    check = "source"
    sentence = "The source's address names another state of the repository than the commit."


class CommitAbbreviated(LinkPartial):
    """The address names the commit by its first digits only."""

    code = "commit_abbreviated"
    check = "source"
    sentence = "The source's address abbreviates the commit, which does not name one state for ever."
    remedy = "Ask the operator to register the address with the whole commit."


class SourceUnavailable(LinkPartial):
    """The file could not be had."""

    code = "source_unavailable"
    check = "compose file"
    sentence = "The compose file at the commit could not be fetched."
    remedy = "Try again, or give the file with --compose-file."


class RenderingImpossible(LinkFailed):
    """The registered rewriting finds no line to rewrite."""

    code = "rendering_impossible"
    check = "compose file"
    sentence = "The file at the commit has no image line that the registered rewriting could apply to."


class ComposeFileDiffers(LinkFailed):
    """What runs is not what the commit says."""

    code = "compose_file_differs"
    check = "compose file"
    sentence = "The compose file at the commit is not the one that the build starts."


class ComposeFileMalformed(LinkFailed):
    """The compose file can be read in more than one way, or in none."""

    code = "compose_file_malformed"
    check = "images"
    sentence = "The compose file cannot be read without doubt."


class ComposeFileOpen(LinkPartial):
    """The compose file takes parts from outside the measured text."""

    code = "compose_file_open"
    check = "images"
    sentence = "The compose file takes parts from outside the measured text."
    remedy = "Ask the operator to write everything that matters into the compose file."


class ImageNotPinned(LinkPartial):
    """An image is named by something that can be moved."""

    code = "image_not_pinned"
    check = "images"
    sentence = "An image is named by a tag or a variable, so nobody can say which content ran."
    remedy = "Ask the operator to name every image by its digest."


class ImageBuiltInPlace(LinkFailed):
    """An image is built inside the machine from files that nothing measures."""

    code = "image_built_in_place"
    check = "images"
    sentence = "A service is built in place, from files that the quote does not cover."


class ImageDigestDiffers(LinkFailed):
    """A known digest is not the one that runs."""

    code = "image_digest_differs"
    check = "image digests"
    sentence = "An image has another digest than the one given for it."


class ImageAbsent(LinkFailed):
    """A digest was given for an image that the build does not run."""

    code = "image_absent"
    check = "image digests"
    sentence = "The build runs no image of a name that a digest was given for."
