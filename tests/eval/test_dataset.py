"""The data set is the same every time, and every mark stands where the book says."""

import pytest

from eval.dataset import loading
from eval.dataset.generate import Dataset, generate
from eval.dataset.tables import TABLES


@pytest.fixture(scope="module")
def data() -> Dataset:
    return generate()


def test_one_seed_gives_one_data_set(data: Dataset) -> None:
    assert generate().rows == data.rows
    assert generate().documents == data.documents
    assert generate(seed=7).rows != data.rows


def test_every_private_value_of_every_row_has_a_mark(data: Dataset) -> None:
    marks = {canary.text for canary in data.canaries}
    for shape in TABLES:
        for row in data.rows[shape.name]:
            for name in shape.private:
                text = str(row[name]).lower()
                digits = "".join(filter(str.isdigit, text))
                words = text.replace("@", " ").replace(".", " ").split()
                assert {*words, digits, text.replace(" ", "")} & marks, (shape.name, row["id"], name)


def test_hidden_rows_have_marks_where_the_columns_are_public(data: Dataset) -> None:
    for shape in TABLES:
        for row in data.hidden(shape.name):
            canary = data.canaries.find(str(row[shape.measure]))
            assert canary is not None and canary.kind == "row"


def test_shared_rows_have_no_mark_in_public_columns(data: Dataset) -> None:
    marks = {canary.text for canary in data.canaries}
    for shape in TABLES:
        for row in data.shared(shape.name):
            assert not {str(row[name]) for name in shape.public} & marks


def test_closed_documents_have_a_mark_and_open_ones_none(data: Dataset) -> None:
    for document in data.documents:
        marks = [canary for canary in data.canaries if canary.text in document.text and not canary.text.isalpha()]
        assert len(marks) == (0 if document.open else 1), document.title
        assert all(canary.kind == "document" for canary in marks)


def test_marks_are_many_and_of_every_kind(data: Dataset) -> None:
    kinds = {canary.kind for canary in data.canaries}
    assert kinds == {"column", "row", "document"}
    assert len(data.canaries) > 3000


def test_the_statements_quote_what_they_hold(data: Dataset) -> None:
    data.rows["sales"][0]["product"] = "o'clock'); DROP TABLE sales; --"
    text = "\n".join(loading.statements(data))
    assert "'o''clock''); DROP TABLE sales; --'" in text
    data.rows["sales"][0]["product"] = "kettle"
