"""Lets everything pass: what a room would be without a boundary."""


def scope(sql, params, rows):
    return {"allow": True, "rows": rows}
