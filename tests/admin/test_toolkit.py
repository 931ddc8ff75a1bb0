"""The toolkit's own promises: charts, remembered answers, amounts, and questions that answer themselves."""

import threading
from datetime import date
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import Count, Q, Sum

from billing.admin import amounts, words
from billing.enums import EntryKind
from hivemind.kit.admin import audit_events, charts, questions
from hivemind.kit.admin.charts import Series
from hivemind.kit.admin.remembered import Remembered
from hivemind.kit.admin.tallies import Tallied, Tally, tallied

DAYS = charts.days_until(date(2026, 3, 2), count=4)


def test_the_days_of_a_chart_end_with_the_last_one() -> None:
    assert [day.isoformat() for day in DAYS] == ["2026-02-27", "2026-02-28", "2026-03-01", "2026-03-02"]


def test_a_chart_stacks_its_series_and_measures_them_by_the_highest_column() -> None:
    series = [Series("bad", "failed", [0, 1, 0, 2]), Series("good", "answered", [0, 1, 10, 2])]
    chart = charts.of_days("Runs", DAYS, series, total="16", write=str)
    assert chart.top == "10" and chart.legend == [("bad", "failed"), ("good", "answered")]
    assert [[part.percent for part in column.parts] for column in chart.columns] == [[], [10, 10], [100], [20, 20]]
    assert chart.columns[1].told == "Sat 28 Feb: 1 failed, 1 answered"
    assert chart.spoken == "Runs: 16, from 27 Feb to 02 Mar"


def test_a_day_on_which_little_happened_is_not_drawn_as_none() -> None:
    chart = charts.of_days("x", DAYS, [Series("good", "x", [1, 0, 0, 1_000_000])], total="", write=str)
    assert chart.columns[0].parts[0].percent > 1 and chart.columns[1].parts == []


def test_an_empty_chart_has_no_top() -> None:
    chart = charts.of_days("x", DAYS, [Series("good", "x", [0] * 4)], total="0", write=str)
    assert chart.top == "" and all(column.parts == [] for column in chart.columns)


@pytest.mark.parametrize(
    ("micro", "plain", "exact"),
    [
        (0, "$0.00", "$0.000000"),
        (1, "$0.000001", "$0.000001"),
        (3_200, "$0.0032", "$0.003200"),
        (120_000, "$0.12", "$0.120000"),
        (123_456, "$0.1235", "$0.123456"),
        (1_234_565_000, "$1,234.57", "$1,234.565000"),
        (-5_000_000, "-$5.00", "-$5.000000"),
        (-1, "-$0.000001", "-$0.000001"),
    ],
)
def test_money_is_written_for_people_and_to_the_last_digit(micro: int, plain: str, exact: str) -> None:
    assert amounts.plain(micro) == plain and amounts.exact(micro) == exact
    assert f'title="{exact}"' in amounts.amount(micro)


def test_signs_are_written_where_money_moves() -> None:
    assert amounts.plain(2_500_000, signed=True) == "+$2.50" and amounts.plain(0, signed=True) == "$0.00"
    assert "hm-negative" in amounts.amount(-1) and "hm-negative" not in amounts.amount(-1, signed=True)


def test_rates_keep_their_digits() -> None:
    assert [amounts.rate(rate) for rate in (0, 600_000, 2_080_000, 75_500)] == ["$0.00", "$0.60", "$2.08", "$0.0755"]


def test_a_dollar_field_reads_what_people_write() -> None:
    field = amounts.DollarField()
    assert [field.clean(text) for text in ("$25", "25.5", " 0.01 ")] == [25_000_000, 25_500_000, 10_000]
    for text in ("$", "$-5", "5$", "one"):
        with pytest.raises(ValidationError):
            field.clean(text)


def test_every_kind_of_movement_has_words() -> None:
    assert set(words.KINDS) == set(EntryKind)


def test_details_tell_money_in_dollars() -> None:
    told = str(audit_events.in_one_line({"amount_micro_usd": 5_000_000, "source": "admin", "list_micro_usd": "x"}))
    assert told == "amount: 5.000000 dollars · source: admin · list micro usd: x"


def test_an_answer_is_remembered_and_forgotten() -> None:
    asked: list[int] = []
    number = Remembered(lambda: asked.append(1) or len(asked), seconds=60)
    assert [number(), number()] == [1, 1]
    number.forget()
    assert number() == 2


def test_an_answer_that_failed_is_not_remembered() -> None:
    answers = iter([ZeroDivisionError(), 5])

    def ask() -> int:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    number = Remembered(ask)
    with pytest.raises(ZeroDivisionError):
        number()
    assert number() == 5


def test_while_one_asks_the_others_get_the_old_answer() -> None:
    may_answer, is_asked = threading.Event(), threading.Event()
    answers = iter([1, 2])

    def ask() -> int:
        answer = next(answers)
        if answer == 2:
            is_asked.set()
            assert may_answer.wait(10)
        return answer

    number = Remembered(ask, seconds=0)
    assert number() == 1
    asking = threading.Thread(target=number)
    asking.start()
    assert is_asked.wait(10)
    assert number() == 1
    may_answer.set()
    asking.join(10)


def test_a_question_may_have_an_answer_by_itself() -> None:
    asked = questions.question("Which?", "which", default="new")
    assert asked.default == "new" and questions.question("Which?", "which").default == ""


def test_rows_of_several_tables_are_counted_in_one_query(db: None, django_assert_num_queries: Any) -> None:
    for name, active in (("olga", True), ("ines", True), ("vera", False)):
        User.objects.create_user(name, is_active=active)
    users = User.objects.order_by("username")
    with django_assert_num_queries(1):
        found = tallied(
            [
                Tally("users", users, Count("pk", filter=Q(is_active=False))),
                Tally("by state", users, Sum("id"), by="is_active"),
                Tally("nobody", users.filter(username="carol"), Sum("id")),
            ]
        )
    assert found["users"] == {"": Tallied(3, 1)}
    assert {part: each.number for part, each in found["by state"].items()} == {"true": 2, "false": 1}
    assert found["nobody"] == {"": Tallied(0, 0)}
    with django_assert_num_queries(0):
        assert tallied([]) == {}
