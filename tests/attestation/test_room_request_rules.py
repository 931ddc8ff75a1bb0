import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attestation.errors import ManifestError
from attestation.manifests.room import (
    normalise_composes,
    normalise_providers,
    normalise_query,
    normalise_tables,
    normalise_trust,
)

CASES = json.loads((Path(__file__).parents[1] / "vectors" / "room_requests.json").read_text())["cases"]


def normalised(request: dict[str, Any]) -> dict[str, Any]:
    """What the kernel makes of those parts of a request that it judges."""
    trust, egress = request.get("trust", {}), request.get("egress", {})
    mode, composes = normalise_trust(trust.get("mode"), trust.get("allowed_composes"))
    return {
        "llm_providers": list(normalise_providers(egress.get("llm_providers"))),
        "trust": {"mode": mode, "allowed_composes": list(composes)},
        "allowed_tables": list(normalise_tables(request.get("allowed_tables"))),
        "query_mode": normalise_query(request.get("query_mode"), request.get("query_agent_id"))[0],
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_requests_are_normalised_or_refused_as_published(case: dict[str, Any]) -> None:
    if not case["ok"]:
        with pytest.raises(ManifestError):
            normalised(case["input"])
        return
    result = case["result"]
    assert normalised(case["input"]) == {
        "llm_providers": result["egress"]["llm_providers"],
        "trust": result["trust"],
        "allowed_tables": result["allowed_tables"],
        "query_mode": result["query_mode"],
    }


def test_providers_are_trimmed_lowered_and_named_once_in_order() -> None:
    assert normalise_providers([" Tinfoil", "OPENROUTER ", "tinfoil"]) == ("tinfoil", "openrouter")
    assert normalise_providers([]) == ()
    assert normalise_providers(None) == ("openrouter",)


def test_compose_hashes_are_trimmed_and_lowered_and_blanks_dropped() -> None:
    assert normalise_composes([" AB ", "", "  ", "cd"]) == ("ab", "cd")
    assert normalise_composes(None) == ()


def test_of_two_spellings_of_a_table_the_first_stays() -> None:
    assert normalise_tables([" Diary ", "diary", "Notes", "DIARY"]) == ("Diary", "Notes")


@pytest.mark.parametrize(
    "table",
    ["", " ", "a-b", "_x", "1a", "a.b", "a b", 'a"', "a;", "é", "a\n" + "b", "a" * 64, "pg-catalog", "a\x00"],
)
def test_a_table_name_that_is_not_a_plain_identifier_is_refused(table: str) -> None:
    with pytest.raises(ManifestError) as refused:
        normalise_tables(["fine", table])
    assert refused.value.field == "allowed_tables"


def test_a_reserved_table_name_is_refused_as_such() -> None:
    with pytest.raises(ManifestError) as refused:
        normalise_tables(["_hivemind_runs"])
    assert refused.value.code == "table_reserved"


def test_the_longest_table_name_passes() -> None:
    assert normalise_tables(["a" * 63]) == ("a" * 63,)


@pytest.mark.parametrize("normalise", [normalise_providers, normalise_composes, normalise_tables])
@pytest.mark.parametrize("value", ["openrouter", b"x", 5, [1], [None], [["x"]], True])
def test_anything_but_a_list_of_texts_is_refused(normalise: Any, value: object) -> None:
    with pytest.raises(ManifestError):
        normalise(value)


@given(st.lists(st.sampled_from(["a", "A", "b ", " B", "c_1"])))
def test_normalising_twice_changes_nothing(tables: list[str]) -> None:
    once = normalise_tables(tables)
    assert normalise_tables(once) == once
    assert len({table.lower() for table in once}) == len(once)


@pytest.mark.parametrize(
    ("mode", "agent_id", "expected"),
    [
        (None, None, (None, "")),
        (None, " q ", ("fixed", "q")),
        ("fixed", "q", ("fixed", "q")),
        ("uploadable", None, ("uploadable", "")),
        ("", "", (None, "")),
    ],
)
def test_an_agent_id_alone_means_a_fixed_query(mode: Any, agent_id: Any, expected: tuple[Any, str]) -> None:
    assert normalise_query(mode, agent_id) == expected


@pytest.mark.parametrize(("mode", "agent_id"), [("fixed", " "), ("open", "q"), (1, "q"), ("fixed", ["q"])])
def test_a_query_that_contradicts_itself_is_refused(mode: Any, agent_id: Any) -> None:
    with pytest.raises(ManifestError):
        normalise_query(mode, agent_id)


def test_an_unknown_trust_mode_is_refused() -> None:
    with pytest.raises(ManifestError):
        normalise_trust("trusted", ["ab"])
