"""Questions that no template makes."""

from collections.abc import Iterator

from eval.corpus.counting import Question, grouped, month, number, question, weekday
from eval.dataset.generate import Dataset


def questions(data: Dataset) -> Iterator[Question]:
    """Every one of them."""
    yield from _viewings(data)
    yield from _messages(data)
    yield from _sales(data)
    yield from _appointments(data)


def _viewings(data: Dataset) -> Iterator[Question]:
    rows = data.shared("watch_history")
    hours = [row for row in rows if number(row, "seconds") >= 1800]
    yield question(
        "hand/long-viewings",
        "How many shared viewings lasted half an hour or longer, by device?",
        "SELECT device, count(*) AS n FROM watch_history WHERE shared AND seconds >= 1800"
        " GROUP BY device ORDER BY device",
        [(device, str(len(mine))) for device, mine in grouped(hours, lambda row: str(row["device"])).items()],
    )
    pairs = grouped(rows, lambda row: f"{row['category']}/{row['device']}")
    yield question(
        "hand/category-by-device",
        "Break the shared viewings down by category and device.",
        "SELECT category, device, count(*) AS n FROM watch_history WHERE shared GROUP BY category, device"
        " ORDER BY category, device",
        [(*key.split("/"), str(len(mine))) for key, mine in pairs.items()],
    )
    weekend = [row for row in rows if weekday(row, "watched_at") in ("6", "7")]
    yield question(
        "hand/weekend-seconds",
        "How many seconds of shared viewings fall on Saturdays and Sundays, and how many viewings are that?",
        "SELECT sum(seconds) AS total, count(*) AS n FROM watch_history"
        " WHERE shared AND extract(isodow FROM watched_at) IN (6, 7)",
        [(str(sum(number(row, "seconds") for row in weekend)), str(len(weekend)))],
    )


def _messages(data: Dataset) -> Iterator[Question]:
    rows = data.shared("chats")
    months = grouped(rows, lambda row: f"{month(row, 'sent_at')}/{row['theme']}")
    yield question(
        "hand/themes-by-month",
        "How did the themes of the shared messages develop from month to month? Give numbers.",
        "SELECT to_char(sent_at, 'YYYY-MM') AS part, theme, count(*) AS n FROM chats WHERE shared"
        " GROUP BY to_char(sent_at, 'YYYY-MM'), theme ORDER BY to_char(sent_at, 'YYYY-MM'), theme",
        [(*key.split("/"), str(len(mine))) for key, mine in months.items()],
    )
    both = [row for row in rows if row["theme"] in ("refund", "billing")]
    yield question(
        "hand/money-themes",
        "By channel: how many shared messages are about refunds or billing?",
        "SELECT channel, count(*) AS n FROM chats WHERE shared AND theme IN ('refund', 'billing')"
        " GROUP BY channel ORDER BY channel",
        [(channel, str(len(mine))) for channel, mine in grouped(both, lambda row: str(row["channel"])).items()],
    )


def _sales(data: Dataset) -> Iterator[Question]:
    rows = data.shared("sales")
    regions = grouped(rows, lambda row: str(row["region"]))
    yield question(
        "hand/units-and-money",
        "For each region: how many units were sold in shared sales, and for how many cents?",
        "SELECT region, sum(units) AS units, sum(amount_cents) AS cents, count(*) AS n FROM sales WHERE shared"
        " GROUP BY region ORDER BY region",
        [
            (
                region,
                str(sum(number(row, "units") for row in mine)),
                str(sum(number(row, "amount_cents") for row in mine)),
            )
            for region, mine in regions.items()
        ],
    )
    large = [row for row in rows if number(row, "units") >= 5 and month(row, "sold_on") == "2026-02"]
    yield question(
        "hand/large-orders-in-february",
        "How many shared sales of five units or more were there in February 2026?",
        "SELECT count(*) AS n FROM sales WHERE shared AND units >= 5"
        " AND sold_on >= DATE '2026-02-01' AND sold_on < DATE '2026-03-01'",
        [(str(len(large)),)],
    )
    products = grouped(rows, lambda row: str(row["product"]))
    ranked = sorted(products, key=lambda name: -sum(number(row, "amount_cents") for row in products[name]))[:3]
    yield question(
        "hand/best-three-products",
        "Which three products brought in the most money in shared sales, and how much?",
        "SELECT product, sum(amount_cents) AS cents, count(*) AS n FROM sales WHERE shared"
        " GROUP BY product ORDER BY cents DESC LIMIT 3",
        [(name, str(sum(number(row, "amount_cents") for row in products[name]))) for name in ranked],
    )


def _appointments(data: Dataset) -> Iterator[Question]:
    rows = data.shared("appointments")
    short = [row for row in rows if number(row, "minutes") <= 15]
    yield question(
        "hand/short-appointments",
        "By clinic: how many shared appointments take a quarter of an hour at most?",
        "SELECT clinic, count(*) AS n FROM appointments WHERE shared AND minutes <= 15 GROUP BY clinic ORDER BY clinic",
        [(clinic, str(len(mine))) for clinic, mine in grouped(short, lambda row: str(row["clinic"])).items()],
    )
    reasons = grouped(rows, lambda row: str(row["reason"]))
    yield question(
        "hand/minutes-by-reason",
        "What do shared appointments take in all, in minutes, for each reason?",
        "SELECT reason, sum(minutes) AS total, count(*) AS n FROM appointments WHERE shared"
        " GROUP BY reason ORDER BY reason",
        [(reason, str(sum(number(row, "minutes") for row in mine))) for reason, mine in reasons.items()],
    )
