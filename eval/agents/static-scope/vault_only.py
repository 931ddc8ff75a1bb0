"""For rooms whose tables are guarded by row policies: results pass, and of the vault only what is open."""


def scope(sql, params, rows):
    if sql.startswith("SELECT item_id, text, metadata, created_at, size_bytes FROM room_vault_items"):
        return {"allow": True, "rows": [row for row in rows if row["metadata"].get("access") == "open"]}
    return {"allow": True, "rows": rows}
