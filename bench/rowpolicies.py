"""What row policies cost against none: `python -m bench.rowpolicies`.

Starts a Postgres of its own, makes a tenant's database with a table of 200,000 rows, and reads it as a query stage
does: as the room's reader, and through the views of a run of which half the rows are visible.
"""

import os
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path

ROWS = 200_000
SCHEMA = f"""
    CREATE TABLE sales AS
    SELECT n AS id, 'customer ' || n % 1000 AS customer, CASE WHEN n % 2 = 0 THEN 'EU' ELSE 'US' END AS region,
           n * 1.10 AS amount, date '2024-01-01' + n % 700 AS day, 'a note of ' || n AS note
    FROM generate_series(1, {ROWS}) n;
    CREATE INDEX ON sales (id); CREATE INDEX ON sales (customer); ANALYZE sales;
    CREATE TABLE half AS SELECT * FROM sales WHERE region = 'EU';
    CREATE INDEX ON half (id); CREATE INDEX ON half (customer); ANALYZE half;
"""
PLAIN = {"sales": {"columns": "*", "where": "region = 'EU'"}}
MASKED = {
    "sales": {
        "columns": ["id", "customer", "amount", "day"],
        "where": "region = 'EU'",
        "masks": {"customer": "hash", "amount": {"bucket": 100}, "day": {"trunc": "month"}},
    }
}
READS = {
    "one row by its key": ("SELECT id, amount FROM {} WHERE id = 5000", 200),
    "count of everything": ("SELECT count(*) FROM {}", 20),
    "sums of 1,000 groups": ("SELECT customer, sum(amount) FROM {} GROUP BY customer", 12),
    "a predicate that may not run first": ("SELECT count(*) FROM {} WHERE amount * 2 > 1000 AND id % 3 = 1", 12),
    "10,000 rows": ("SELECT id, customer, amount, day FROM {} LIMIT 10000", 10),
    "a self join": ("SELECT count(*) FROM {0} a JOIN {0} b ON a.id = b.id + 2", 10),
}


def medians_ms(calls: Sequence[Callable[[], object]], *, times: int) -> list[float]:
    """Median of each call in milliseconds. They take turns, so that a busy moment meets all of them."""
    spent: list[list[float]] = [[] for _ in calls]
    for turn in range(times + 1):
        for call, mine in zip(calls, spent, strict=True):
            began_at = time.perf_counter()
            call()
            if turn:  # the first warms up
                mine.append((time.perf_counter() - began_at) * 1000)
    return [statistics.median(mine) for mine in spent]


def main() -> None:
    """Measure and print a table."""
    with ExitStack() as stack:
        from hivemind.local import testing

        testing.isolate_environment()
        os.environ["DJANGO_SETTINGS_MODULE"] = "hivemind.settings.test"
        stack.enter_context(testing.services(Path(os.environ["HIVEMIND_STATE_DIR"])))
        import django

        django.setup()
        prepare()
        measure(stack)


def prepare() -> None:
    """Close the server to readers, as every prepared server is."""
    from django.db import connection as control

    from tenants.databases import template
    from tests.tenants.databases.conftest import as_superuser

    template.build(as_superuser, service_role=control.settings_dict["USER"])


def measure(stack: ExitStack) -> None:
    """Everything that needs the service's code."""
    from runner.rowpolicies import policies, reader
    from runner.scopefn.fullread import FullRead
    from runner.tools.sql import SqlTool
    from tests.runner.rowpolicies import places

    home = stack.enter_context(places.home(SCHEMA, ("sales", "half")))
    place = reader.Place(home.tenant, home.room_id, home.run_id, ("sales", "half"))

    def once(stated: object) -> None:
        with reader.make_reader(place, policies.parse(stated)):
            pass

    plain, masked = medians_ms([lambda: once(PLAIN), lambda: once(MASKED)], times=15)
    print(f"| put in force and taken back | | {plain:.1f} ms | {masked:.1f} ms |")
    connect = places.connect_factory(home)
    whole = stack.enter_context(closing(SqlTool(connect, allowed_tables=("sales", "half"), view=FullRead())))
    tools = []
    for stated in (PLAIN, MASKED):
        made = stack.enter_context(reader.make_reader(place, policies.parse(stated)))
        tool = SqlTool(made.connect, allowed_tables=made.tables, view=FullRead(), schema="")
        tools.append(stack.enter_context(closing(tool)))
    print("| read | the same rows in a table | through a view | with masks |\n|---|---|---|---|")
    for name, (statement, times) in READS.items():
        asked = [(whole, statement.format("half")), *((tool, statement.format("sales")) for tool in tools)]
        spent = medians_ms([partial(tool.call, {"sql": text}) for tool, text in asked], times=times)
        print(f"| {name} | " + " | ".join(f"{value:.2f} ms" for value in spent) + " |", flush=True)


if __name__ == "__main__":
    main()
