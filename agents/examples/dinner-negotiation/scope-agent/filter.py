"""The room's filter: free slots of the calendar, asked for in one way only."""


def scope(sql, params, rows):
    words = sql.lower().replace(";", " ").split()
    asked = ["select", "start_time,", "end_time,", "status", "from", "calendar"]
    rest = words[len(asked) :]
    plain = words[: len(asked)] == asked and rest in [[], ["order", "by", "start_time"]]
    if not plain:
        text = "ask: SELECT start_time, end_time, status FROM calendar ORDER BY start_time"
        return {"allow": plain, "rows": [], "error": text}
    free = [row for row in rows if is_free(row)]
    return {"allow": True, "rows": [{"start_time": row["start_time"], "end_time": row["end_time"]} for row in free]}


def is_free(row):
    return isinstance(row.get("status"), str) and row["status"].strip().lower() == "free"
