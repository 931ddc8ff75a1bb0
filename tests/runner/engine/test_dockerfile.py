"""What a Dockerfile names is seen, what it may not do is refused, and the builder gets exactly what was read."""

import pytest

from runner.engine import dockerfile, errors

_ID = "sha256:" + "a" * 64


def _sources(text: str) -> list[str]:
    return [source.reference for source in dockerfile.parse(text.encode()).sources]


def _rendered(text: str) -> str:
    parsed = dockerfile.parse(text.encode())
    return parsed.render(dict.fromkeys(parsed.sources, _ID)).decode()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM hivemind-agent-base", ["hivemind-agent-base"]),
        ("from  hivemind-agent-base:latest  as  x", ["hivemind-agent-base:latest"]),
        (
            "FROM --platform=linux/amd64 ghcr.io/o/hivemind-agent-base@sha256:ab",
            ["ghcr.io/o/hivemind-agent-base@sha256:ab"],
        ),
        ("ARG B=python\nFROM $B", ["python"]),
        ("ARG B=python\nARG T=3\nFROM ${B}:${T}", ["python:3"]),
        ("FROM ${B:-python}", ["python"]),
        ("FROM ${B-python:3}", ["python:3"]),
        ('ARG B="python"\nFROM ${B}', ["python"]),
        ("# escape=`\nFROM a `\n  AS x\nFROM x", ["a"]),
        ("FROM a AS x\nFROM b\nCOPY --from=x /a /b\nCOPY --from=0 /a /b\nCOPY --from=c:1 /a /b", ["a", "b", "c:1"]),
        ("FROM a\nCOPY --chown=1:1 --from=c /a /b", ["a", "c"]),
        ("FROM scratch", []),
        ("FROM a\n# FROM b\nRUN echo \\\n# a comment inside\n  FROM c", ["a"]),
        ("\ufeffFROM a\r\nRUN true\r\n", ["a"]),
    ],
)
def test_every_image_that_is_named_is_found(text: str, expected: list[str]) -> None:
    assert _sources(text) == expected


@pytest.mark.parametrize(
    ("reference", "leaf"),
    [
        ("hivemind-agent-base", "hivemind-agent-base"),
        ("localhost:5000/a/hivemind-agent-base:1", "hivemind-agent-base"),
        ("ghcr.io/x/hivemind-agent-base-hermes@sha256:00", "hivemind-agent-base-hermes"),
    ],
)
def test_a_leaf_is_the_last_part_without_tag_and_digest(reference: str, leaf: str) -> None:
    assert dockerfile.parse(f"FROM {reference}".encode()).sources[0].leaf == leaf


def test_the_builder_gets_one_line_per_instruction_and_ids_for_names() -> None:
    text = (
        "ARG B=python\nFROM --platform=x ${B} AS one\n\n# note\nRUN a && \\\n    b\nCOPY --from=other --chown=1:1 x y\n"
    )
    assert _rendered(text) == (
        f"# escape=\\\nARG B=python\nFROM {_ID} AS one\nRUN a &&     b\nCOPY --from={_ID} --chown=1:1 x y\n"
    )


def test_a_stage_of_the_file_itself_keeps_its_name() -> None:
    assert _rendered("FROM a AS x\nFROM x\nCOPY --from=x a b\n") == (
        f"# escape=\\\nFROM {_ID} AS x\nFROM x\nCOPY --from=x a b\n"
    )


def test_only_the_flag_itself_is_replaced() -> None:
    rendered = _rendered("FROM a\nCOPY --chown=--from=v --from=v x y")
    assert f"COPY --chown=--from=v --from={_ID} x y" in rendered


@pytest.mark.parametrize(
    "add",
    [
        "ADD http://169.254.169.254/latest /x",
        "add https://example.invalid/a /x",
        "ADD --chown=1:1 http://h/a /x",
        'ADD ["http://h/a", "/x"]',
        r'ADD ["http:\/\/h/a", "/x"]',
        r"ADD http:\//h/a /x",
        'ADD http:"//"h/a /x',
        "ADD $URL /x",
        "ADD ${URL} /x",
        "ADD git@host:repo /x",
        "AD\\\nD http://h/a /x",
        "ADD \\\n# comment\n http://h/a /x",
        "ADD\thttp://h/a /x",
    ],
)
def test_a_download_by_the_engine_is_refused_however_it_is_written(add: str) -> None:
    with pytest.raises(errors.BuildRefused):
        dockerfile.parse(f"FROM a\n{add}\n".encode())


def test_an_add_of_a_file_is_fine() -> None:
    assert "ADD files.tar.gz /app/" in _rendered("FROM a\nADD files.tar.gz /app/")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "RUN true",
        "FROM",
        "FROM a b",
        "FROM a AS",
        "FROM a AS b c",
        "FROM $UNKNOWN",
        "FROM $(id)",
        "FROM a\nRUN echo \\",
        "FROM a\nRUN echo \\\\\nADD http://h/a /x",
        "# escape=x\nFROM a",
        "FROM a\nCOPY --from='b' x y",
        "FROM a\nCOPY --from= x y",
        "FROM a\nCOPY --from=b --from=c x y",
        "FROM a\nCOPY --FROM=b x y",
        "FROM a\nONBUILD ADD http://h/a /x",
        "FROM a\nRUN echo \x0b\nUSER x",
        "FROM a\rADD http://h/a /x",
        "FROM a\n<script>",
        "FROM ../../etc",
        "FROM -x",
        "FROM a\nRUN",
    ],
)
def test_what_can_be_read_in_two_ways_or_not_at_all_is_refused(text: str) -> None:
    with pytest.raises(errors.BuildRefused):
        dockerfile.parse(text.encode())


def test_an_index_is_a_stage_only_for_copy() -> None:
    assert _sources("FROM a\nFROM 0") == ["a", "0"]


def test_unicode_line_separators_do_not_separate_lines() -> None:
    rendered = _rendered("FROM a\nRUN echo \u2028ADD http://h/a /x")
    assert rendered.count("\n") == 3


def test_a_file_that_is_not_text_or_too_large_is_refused() -> None:
    for content in (b"FROM a\n\xff\xfe", b"FROM a\n" + b"#" * 300_000):
        with pytest.raises(errors.BuildRefused):
            dockerfile.parse(content)
