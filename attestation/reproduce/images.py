"""Whether every image that a compose file runs is fixed by its digest, and is the one that somebody knows."""

from collections.abc import Mapping

from attestation.reproduce.compose_file import ComposeFile
from attestation.reproduce.errors import ComposeFileMalformed, ImageAbsent, ImageDigestDiffers, ImageNotPinned
from attestation.reproduce.image_names import ImageName, parse_image
from attestation.reproduce.links import Found


def check_images(compose: ComposeFile) -> tuple[tuple[ImageName, ...], Found]:
    """Demands a digest in every reference.

    Raises ImageNotPinned for tags alone and for variables, ComposeFileMalformed for what is no reference.
    """
    named: dict[str, ImageName] = {}
    loose: dict[str, str] = {}
    for place, text in compose.images.items():
        image = parse_image(text)
        if image is None and "$" not in text:
            raise ComposeFileMalformed(details={place: text[:200]})
        if image is None or not image.digest:
            loose[place] = text
        else:
            named[place] = image
    if loose:
        raise ImageNotPinned(details=loose)
    evidence = {place: image.text for place, image in named.items()}
    if compose.outside_variables:
        evidence["environment set from outside"] = ", ".join(compose.outside_variables)
    return tuple(named.values()), Found("Every image is named by its digest.", evidence)


def compare_digests(images: tuple[ImageName, ...], *, known: Mapping[str, str]) -> Found:
    """Demands that each known digest (by repository, `sha256:…`) is the one that runs.

    Raises ImageAbsent for a repository that the build does not use, ImageDigestDiffers.
    """
    for repository, digest in known.items():
        running = {image.digest for image in images if image.repository == repository}
        if not running:
            raise ImageAbsent(details={repository: digest})
        if running != {digest}:
            raise ImageDigestDiffers(details={"image": repository, "given": digest, "runs": ", ".join(sorted(running))})
    left = sorted({image.repository for image in images} - set(known))
    evidence = dict(known) | ({"not compared": ", ".join(left)} if left else {})
    return Found("The digests that you gave are the ones that run.", evidence)
