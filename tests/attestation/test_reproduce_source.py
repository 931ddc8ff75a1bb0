"""Where the source is, and the one rewriting that may stand between it and what runs."""

from collections.abc import Callable
from typing import Any

import pytest

from attestation.errors import CouldNotCheck, VerificationError
from attestation.reproduce import links
from attestation.reproduce.compose_file import read_compose_file
from attestation.reproduce.errors import (
    CommitAbbreviated,
    CommitDiffers,
    RenderingImpossible,
    SourceContradicted,
    SourceElsewhere,
    SourceMalformed,
    SourceUnnamed,
)
from attestation.reproduce.links import LinkOutcome
from attestation.reproduce.rendering import read_rewriting, render
from attestation.reproduce.source import NamedSource, read_source, settle_source
from tests.attestation.reproduced import COMMIT, CORE, DIGEST, SOURCE_FILE, URL, app_compose, follow, link

CORE_IMAGE = f"ghcr.io/olga/hivemind-core@{DIGEST}"
UNBUILT = SOURCE_FILE.replace(CORE, "ghcr.io/olga/hivemind-core:dev")


def named(uri: str = URL, commit: str = COMMIT) -> NamedSource:
    return NamedSource("you", commit, uri)


def test_an_address_on_github_names_one_file_at_one_commit() -> None:
    source = read_source(named())

    assert source.short == f"olga/rooms@{COMMIT}:deploy/compose.yaml"
    assert source.raw_path == f"/olga/rooms/{COMMIT}/deploy/compose.yaml"
    assert source.rewriting is None
    assert read_source(named(f"https://raw.githubusercontent.com/olga/rooms/{COMMIT}/deploy/compose.yaml")) == source


def test_the_published_address_is_read_and_its_short_ref_is_not_enough(vectors: Callable[[str], Any]) -> None:
    vector, onchain = vectors("reproduce"), vectors("onchain")
    commit, uri = onchain["release"]["git_commit"], vector["compose_uri"]
    with pytest.raises(CommitAbbreviated):
        read_source(named(uri, commit))

    whole = read_source(named(uri.replace("/blob/3c3fcbb/", f"/blob/{commit}/"), commit))

    assert f"https://raw.githubusercontent.com{whole.raw_path}" == vector["raw_url"].replace("3c3fcbb", commit)
    assert whole.short == vector["short_source"].replace("3c3fcbb", commit)
    rendered = render(vector["repo_yaml"].encode(), whole.rewriting)
    assert rendered == vector["rendered_yaml"].encode()
    assert list(read_compose_file(rendered).images.values()) == vector["image_refs"]


@pytest.mark.parametrize(
    ("uri", "commit", "error"),
    [
        (URL.replace(COMMIT, "main"), COMMIT, CommitDiffers),
        (URL.replace(COMMIT, "d" * 40), COMMIT, CommitDiffers),
        (URL.replace(COMMIT, "d" * 7), COMMIT, CommitDiffers),
        (URL.replace(COMMIT, COMMIT.upper()), COMMIT, CommitDiffers),
        (URL.replace(COMMIT, COMMIT[:6]), COMMIT, CommitDiffers),
        (URL.replace(COMMIT, COMMIT[:7]), COMMIT, CommitAbbreviated),
        (URL, COMMIT[:7], SourceMalformed),
        (URL, COMMIT.upper(), SourceMalformed),
        (URL, COMMIT + "\n", SourceMalformed),
        (URL, "", SourceMalformed),
        (URL.replace("deploy/", "../"), COMMIT, SourceMalformed),
        (URL.replace("deploy/", "./"), COMMIT, SourceMalformed),
        (URL.replace("deploy/", "deploy//"), COMMIT, SourceMalformed),
        (URL.replace("deploy/", "%2e%2e/"), COMMIT, SourceMalformed),
        (URL.replace("olga", "ol ga"), COMMIT, SourceMalformed),
        (URL + "?", COMMIT, SourceMalformed),
        (URL + "?ref=main", COMMIT, SourceMalformed),
        (URL + "?core_image=", COMMIT, SourceMalformed),
        (URL + "?core_image=a&core_image=b", COMMIT, SourceMalformed),
        (URL + f"?core_image={CORE_IMAGE}&image_sha=abc", COMMIT, SourceMalformed),
        (URL + "?core_image=a%0A%20%20privileged:%20true", COMMIT, SourceMalformed),
        (URL + "?image_sha=abc%0A", COMMIT, SourceMalformed),
        (URL + "a" * 3000, COMMIT, SourceMalformed),
        (URL + "#L7", COMMIT, SourceElsewhere),
        (URL.replace("https", "http"), COMMIT, SourceElsewhere),
        (URL.replace("github.com", "github.com.carol.example"), COMMIT, SourceElsewhere),
        (URL.replace("github.com", "carol@github.com"), COMMIT, SourceElsewhere),
        (URL.replace("github.com", "github.com:8443"), COMMIT, SourceElsewhere),
        (URL.replace("/blob/", "/tree/"), COMMIT, SourceElsewhere),
        ("https://github.com/olga/rooms", COMMIT, SourceElsewhere),
        ("https://gitlab.example/olga/rooms/-/blob/main/x.yaml", COMMIT, SourceElsewhere),
        ("https://[github.com/a/b/blob/c/d", COMMIT, SourceMalformed),
        ("", COMMIT, SourceElsewhere),
    ],
)
def test_an_address_that_does_not_fix_one_file_is_not_used(
    uri: str, commit: str, error: type[VerificationError]
) -> None:
    with pytest.raises(error):
        read_source(named(uri, commit))


def test_a_short_ref_is_partial_and_another_ref_is_failed() -> None:
    assert issubclass(CommitAbbreviated, CouldNotCheck)
    assert not issubclass(CommitDiffers, CouldNotCheck)


def test_registry_and_user_have_to_name_the_same_source() -> None:
    registered = NamedSource("the registry", COMMIT, URL)
    _, found = settle_source([named(), registered])
    assert found.evidence["named by"] == "you, the registry"

    for other in (named(URL.replace("rooms", "forks")), named(URL.replace(COMMIT, "d" * 40), "d" * 40)):
        with pytest.raises(SourceContradicted):
            settle_source([other, registered])


def test_without_anybody_who_names_a_source_there_is_none() -> None:
    with pytest.raises(SourceUnnamed):
        settle_source([])


def test_the_registered_image_takes_the_place_of_the_one_at_the_commit() -> None:
    source = settle_source([named(f"{URL}?core_image={CORE_IMAGE}")])
    chain = follow(source=source, source_file=UNBUILT.encode())

    assert chain.outcome is LinkOutcome.VERIFIED
    assert CORE_IMAGE in link(chain, links.COMPOSE_FILE).sentence
    assert link(chain, links.SOURCE).evidence["rewriting"] == f"image {CORE_IMAGE}"


def test_a_rewriting_hides_no_other_change() -> None:
    source = settle_source([named(f"{URL}?core_image={CORE_IMAGE}")])
    chain = follow(source=source, source_file=UNBUILT.replace("TLS=1", "TLS=0").encode())

    assert link(chain, links.COMPOSE_FILE).code == "compose_file_differs"


def test_a_rewritten_tag_is_still_a_tag() -> None:
    running = SOURCE_FILE.replace(CORE, "ghcr.io/olga/hivemind-core:3c3fcbb")
    source = settle_source([named(f"{URL}?image_sha=3c3fcbb")])
    chain = follow(app_compose(running), source=source, source_file=UNBUILT.encode())

    assert link(chain, links.COMPOSE_FILE).outcome is LinkOutcome.VERIFIED
    assert (link(chain, links.IMAGES).outcome, chain.outcome) == (LinkOutcome.PARTIAL, LinkOutcome.PARTIAL)


def test_only_the_first_image_of_the_name_and_its_twins_are_rewritten() -> None:
    text = (
        b"services:\n  db:\n    image: postgres:16\n  web:\n    image: ghcr.io/o/hivemind-core:a\n"
        b"  worker:\n    image: ghcr.io/o/hivemind-core:a\n  old:\n    image: ghcr.io/o/hivemind-core:b\n"
        b"  # image: ghcr.io/o/hivemind-core:a\n    command: [image, ghcr.io/o/hivemind-core:a]\n"
    )
    rendered = render(text, read_rewriting("core_image", CORE_IMAGE, details={}))

    assert rendered.count(CORE_IMAGE.encode()) == 2
    assert rendered == text.replace(b"    image: ghcr.io/o/hivemind-core:a\n", f"    image: {CORE_IMAGE}\n".encode())


@pytest.mark.parametrize("text", [b"", b"services: {}\n", b"  image: ghcr.io/o/other:1\n", b"\xff"])
def test_a_rewriting_that_finds_no_line_is_failed(text: bytes) -> None:
    with pytest.raises(RenderingImpossible):
        render(text, read_rewriting("image_sha", "3c3fcbb", details={}))
