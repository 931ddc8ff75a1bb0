"""Row policies: what of each table one run may see at all, enforced by Postgres.

A scope function sees results, so an aggregate, a join or a predicate over the whole table gets past it. Row policies
stand before: the run reads views that hold the permitted rows and columns and nothing else. A scope agent prints them
beside `scope_fn` or without one, in the last JSON object of its output::

    {"scope_fn": "def scope(sql, params, rows): ...",
     "row_policies": {
        "sales": {"columns": ["day", "amount", "customer"],
                  "where": "region IN ('EU', 'UK') AND amount < 10000 AND deleted_at IS NULL",
                  "masks": {"customer": "hash"}},
        "teams": {"columns": "*"}}}

- A table of the room that is not named does not exist for the run. `{}` hides every table.
- `columns` (required): names, or `"*"` for all; `[]` leaves nothing but the number of rows.
- `where` (optional): one SQL condition over the table's columns, hidden ones too. A row is visible when it is true, not
  when it is null. It may hold columns, texts, numbers, `DATE '2026-01-31'` and casts of texts to simple types;
  `= <> < <= > >=`, `IS [NOT] NULL/TRUE/FALSE`, `IS [NOT] DISTINCT FROM`, `[NOT] IN (...)`, `BETWEEN`, `LIKE` and
  `ILIKE` with a text as pattern, `AND`, `OR`, `NOT`, `->>` with a text; and `lower`, `upper`, `length`, `left`,
  `right`, `trim`, `coalesce`, `starts_with` and `extract`. No subquery, no arithmetic, no other function: nothing in
  it can fail on a row, so that no failure can tell about a hidden one. Columns that it compares have one collation.
- `masks` (optional), by visible column: `"null"`; `"hash"`, 32 hexadecimal digits that are equal for equal values
  within this run and mean nothing outside of it; `{"constant": value}` of the column's type; `{"left": n}`, the first
  characters of its text; `{"bucket": n}`, a number rounded down to a multiple of n; `{"trunc": unit}`, a moment
  rounded down to `year`, `quarter`, `month`, `week`, `day`, `hour` or `minute`.

Without a `scope_fn` everything that the views hold may be shown, and nothing of the vault. The text is parsed into a
tree of what is listed above and written anew from it; no agent's SQL reaches Postgres in a view.

`policies.parse` reads the format, `reader.make_reader` makes the views and gives a way in for as long as its context
lasts, `verify.answer` tries policies out for the agent that writes them.
"""
