"""What a compose file really runs, however it is written down."""

import time

import pytest

from attestation.reproduce import links
from attestation.reproduce.compose_file import read_compose_file
from attestation.reproduce.compose_yaml import LARGEST_BYTES
from attestation.reproduce.errors import ComposeFileMalformed
from attestation.reproduce.image_names import parse_image
from attestation.reproduce.links import Link, LinkOutcome
from tests.attestation.reproduced import CORE, SOURCE_FILE, app_compose, follow, link

GOOD = f"image: {CORE}"


def judged(compose_file: str) -> Link:
    return link(follow(app_compose(compose_file), source_file=compose_file.encode()), links.IMAGES)


@pytest.mark.parametrize(
    "image",
    [
        "ghcr.io/olga/hivemind-core:1.0",
        "ghcr.io/olga/hivemind-core",
        "ghcr.io/olga/hivemind-core:latest@${DIGEST}",
        "${IMAGE}",
        "${IMAGE:-ghcr.io/olga/core@sha256:" + "a" * 64 + "}",
        "$IMAGE",
    ],
)
def test_an_image_that_can_be_moved_is_partial(image: str) -> None:
    found = judged(SOURCE_FILE.replace(CORE, f"'{image}'"))

    assert (found.outcome, found.code) == (LinkOutcome.PARTIAL, "image_not_pinned")
    assert found.evidence == {"core": image}


@pytest.mark.parametrize(
    "image", ["UPPER/case", "a b", f"x@sha256:{'a' * 63}", f"x@sha256:{'A' * 64}", f"{CORE}\\n", "~"]
)
def test_an_image_that_is_no_reference_is_failed(image: str) -> None:
    found = judged(SOURCE_FILE.replace(CORE, image if image == "~" else f'"{image}"'))

    assert (found.outcome, found.code) == (LinkOutcome.FAILED, "compose_file_malformed")


@pytest.mark.parametrize(
    "hidden",
    [
        "services: {core: {image: carol/x:1}}",
        "services:\n  core:\n    'image': carol/x:1\n",
        "services:\n  core:\n    ? image\n    : carol/x:1\n",
        "services:\n  core:\n    image: >-\n      carol/x:1\n",
        'services:\n  core:\n    "im\\x61ge": carol/x:1\n',
        "x-b: &b {image: carol/x:1}\nservices: {core: *b}\n",
        "x-b: &b {image: carol/x:1}\nservices: {core: {<<: *b, restart: always}}\n",
        f"x-b: &b {{image: carol/x:1}}\nx-c: &c {{{GOOD}}}\nservices: {{core: {{<<: [*b, *c]}}}}\n",
        f"x-b: &b {{{GOOD}}}\nservices: {{core: {{<<: *b, image: carol/x:1}}}}\n",
        "x-s: &s {core: {image: carol/x:1}}\nservices: {<<: *s}\n",
        f"services: {{core: {{{GOOD}, volumes: [{{type: image, source: 'carol/x:1', target: /x}}]}}}}\n",
    ],
)
def test_no_way_of_writing_hides_an_image(hidden: str) -> None:
    found = judged(hidden)

    assert found.code == "image_not_pinned"
    assert "carol/x:1" in found.evidence.values()


@pytest.mark.parametrize(
    ("compose_file", "code"),
    [
        (f"services: {{core: {{{GOOD}, build: .}}}}", "image_built_in_place"),
        ("services: {core: {build: {context: .}}}", "image_built_in_place"),
        (f"services: {{core: {{{GOOD}, extends: {{file: other.yaml, service: x}}}}}}", "compose_file_open"),
        (f"include: [oci://carol/x]\nservices: {{core: {{{GOOD}}}}}", "compose_file_open"),
        (f"services: {{core: {{{GOOD}, provider: {{type: x}}}}}}", "compose_file_open"),
        (f"services: {{core: {{{GOOD}, command: '$RUN'}}}}", "compose_file_open"),
        (f"services: {{core: {{{GOOD}, entrypoint: [sh, -c, '${{RUN:-true}}']}}}}", "compose_file_open"),
        (f"services: {{core: {{{GOOD}}}}}\nvolumes: {{x: {{driver: $DRIVER}}}}", "compose_file_open"),
        (f"services: {{core: {{{GOOD}}}}}\nconfigs: {{x: {{environment: RUN}}}}", "compose_file_open"),
        (f"services: {{core: {{{GOOD}}}}}\nconfigs: {{x: {{file: /run.sh}}}}", "compose_file_open"),
    ],
)
def test_what_the_measured_text_does_not_hold_is_never_verified(compose_file: str, code: str) -> None:
    assert judged(compose_file).code == code


def test_variables_that_come_from_outside_are_told_by_name() -> None:
    read = read_compose_file(
        f"services:\n  a: {{{GOOD}, environment: {{A: '${{ONE}}', B: null, C: '$$NOT', D: 1}}, env_file: .env}}\n"
        f"  b: {{{GOOD}, environment: ['X=$TWO', Y], command: 'echo $$HOME'}}\n"
        "secrets: {s: {environment: THREE}}\n".encode()
    )

    assert read.outside_variables == ("B", "ONE", "TWO", "Y", "everything in .env", "secrets.s.environment")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "services: []",
        "services: {}",
        "services: {core: []}",
        "services: {core: null}",
        "services: {core: {restart: always}}",
        f"services: {{core: {{{GOOD}, image: carol/x:1}}}}",
        f"services: {{core: {{{GOOD}}}}}\nservices: {{core: {{image: carol/x:1}}}}",
        f"services: {{core: {{{GOOD}}}}}\n---\nservices: {{core: {{image: carol/x:1}}}}",
        f"services: !override {{core: {{{GOOD}}}}}",
        f"services: {{core: !!python/object/apply:os.system [{GOOD}]}}",
        f"services: {{core: {{{GOOD}, x: !!binary aGk=}}}}",
        f"services: {{core: {{{GOOD}, '<<': {{image: carol/x:1}}}}}}",
        f"services: {{core: {{{GOOD}, <<: 7}}}}",
        f"services: {{core: &a {{{GOOD}, x: *a}}}}",
        f"services: {{core: {{{GOOD}, [a]: b}}}}",
        f"services:\r\n  core:\r\n    {GOOD}\r\n",
        f"\ufeffservices: {{core: {{{GOOD}}}}}",
        f"services: {{core: {{{GOOD}, x: 'a\u2028b'}}}}",
        "services: {core: " + "[" * 5000,
        "services: {core: " + "[" * 40 + "]" * 40 + "}",
        f"services: {{core: {{{GOOD}}}}}\n#" + "x" * LARGEST_BYTES,
        "services: {" + ",".join(f"s{index}: {{{GOOD}}}" for index in range(101)) + "}",
    ],
    ids=lambda text: text[:50],
)
def test_a_file_that_two_readers_could_read_differently_is_refused(text: str) -> None:
    with pytest.raises(ComposeFileMalformed):
        read_compose_file(text.encode())


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(ComposeFileMalformed):
        read_compose_file(b"services: \xff")


@pytest.mark.parametrize("kind", ["sequences", "merges", "mappings"])
def test_aliases_of_aliases_cost_neither_time_nor_memory(kind: str) -> None:
    start, form = {
        "sequences": ("x-0: &a0 [x, x]", "[" + "{0}, " * 20 + "]"),
        "merges": ("x-0: &a0 {{a: 1, b: 2}}".replace("{{", "{").replace("}}", "}"), "{{<<: [" + "{0}, " * 20 + "]}}"),
        "mappings": ("x-0: &a0 {a: 1}", "{{" + ", ".join(f"k{index}: {{0}}" for index in range(20)) + "}}"),
    }[kind]
    lines = [start, *(f"x-{level}: &a{level} " + form.format(f"*a{level - 1}") for level in range(1, 25))]
    text = "\n".join([*lines, f"services: {{core: {{{GOOD}, labels: *a24}}}}"]).encode()
    began = time.perf_counter()

    read = read_compose_file(text)

    assert read.images == {"core": CORE}
    assert time.perf_counter() - began < 3


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (f"localhost:5000/a/b:1@sha256:{'0' * 64}", ("localhost:5000/a/b", "1", f"sha256:{'0' * 64}")),
        ("postgres:16", ("postgres", "16", "")),
        ("docker.io/library/postgres", ("docker.io/library/postgres", "", "")),
    ],
)
def test_references_are_taken_apart(text: str, parts: tuple[str, str, str]) -> None:
    image = parse_image(text)
    assert image is not None and (image.repository, image.tag, image.digest) == parts


def test_a_very_long_reference_is_none() -> None:
    assert parse_image("a" * 600) is None
