def scope(sql, params, rows):
    r = rules()  # noqa: F821 - agent.py adds it
    if sql.split(" WHERE ")[0] == "SELECT item_id, text, metadata, created_at, size_bytes FROM room_vault_items":
        return {"allow": r["vault"], "rows": rows[: r["max_rows"]], "error": "the room's rules close its vault"}
    words = tokens(sql)
    reason = problem(words, r)
    if reason:
        return {"allow": not reason, "rows": [], "error": reason}
    if r["min_group"] > 1:
        at, width = size_column(words, r), len(items(words))
        rows = [row for row in rows if big_enough(list(row.values()), at, width, r["min_group"])]
    return {"allow": True, "rows": rows[: r["max_rows"]]}


def big_enough(values, at, width, least):
    return len(values) == width and isinstance(values[at], int) and values[at] >= least


def tokens(sql):
    "Words in lower case, quoted names as they are behind a quote, texts as one quote, numbers as 0; [] if unreadable."
    found, at = [], 0 if len(sql) <= 10000 else len(sql)
    while at < len(sql):
        char, end = sql[at], at + 1
        if char == "'" or char == '"':
            end = sql.find(char, end) + 1
            while end > 0 and sql[end : end + 1] == char:
                end = sql.find(char, end + 1) + 1
            if end == 0:
                return []
            found.append("'" if char == "'" else '"' + sql[at + 1 : end - 1].replace('""', '"'))
        elif char.isalpha() or char == "_":
            while end < len(sql) and (sql[end].isalnum() or sql[end] == "_"):
                end += 1
            found.append(sql[at:end].lower())
        elif char.isdigit():
            while end < len(sql) and (sql[end].isdigit() or sql[end] == "."):
                end += 1
            found.append("0")
        elif sql[at : at + 2] in ("--", "/*") or char not in " \t\r\n(),.*+-/%=<>!|:;":
            return []
        elif sql[at : at + 2] == "%s":
            end = at + 2
            found.append("0")
        elif char not in " \t\r\n":
            found.append(char)
        at = end
    return found[:-1] if found[-1:] == [";"] else found


def plain(word):
    return word[1:] if word[:1] == '"' else word


def is_name(word):
    return word[:1] == '"' or word[:1].isalpha() or word[:1] == "_"


def depths(words):
    depth, found = 0, []
    for word in words:
        depth -= word == ")"
        found.append(depth)
        depth += word == "("
    return found


def clause(words):
    "Where the tables begin and end."
    levels = depths(words)
    starts = [i for i, word in enumerate(words) if word == "from" and levels[i] == 0]
    start = starts[0] if len(starts) == 1 else 0
    ends = ("where", "group", "having", "order", "limit", "offset")
    stops = [i for i, word in enumerate(words) if i > start and word in ends and levels[i] == 0]
    return start, [*stops, len(words)][0]


def items(words):
    "What is selected, one list of words per output column."
    found, levels = [[]], depths(words)
    for i in range(1, clause(words)[0]):
        if words[i] == "," and levels[i] == 0:
            found.append([])
        elif i > 1 or words[i] != "distinct":
            found[-1].append(words[i])
    return found


def sizes(r):
    return ["count", "(", "distinct", r["people"], ")"] if r["people"] else ["count", "(", "*", ")"]


def size_column(words, r):
    "The place of the column that tells how large each group is, or -1."
    for i, item in enumerate(items(words)):
        if [plain(word) for word in item[:5]][: len(sizes(r))] == sizes(r):
            rest = item[len(sizes(r)) :]
            if not rest or (len(rest) == 2 and rest[0] == "as"):
                return i
    return -1


def problem(words, r):
    "Why this SQL is not possible in this room, or nothing."
    if not words or words[0] != "select" or words.count("select") != 1 or ";" in words or len(words) > 500:
        return "only one plain SELECT without comments is possible"
    start, end = clause(words)
    if not start:
        return "the SELECT needs one FROM"
    levels = depths(words)
    reason, ranges, places = tables(words, start, end, r)
    outputs = [plain(words[i + 1]) for i in range(start) if words[i] == "as" and levels[i] == 0]
    if not reason and r["min_group"] > 1 and ("join" in words[start:end] or "," in words[start:end]):
        reason = "groups are counted over one table, without joins"
    if not reason and r["min_group"] > 1 and size_column(words, r) < 0:
        reason = "each row needs the size of its group: select " + " ".join(sizes(r)) + " as a column"
    for i in range(1, len(words)):
        if not reason and i not in places:
            reason = word_problem(words, i, r, ranges, outputs)
    return reason


def tables(words, start, end, r):
    "What is wrong with FROM, the names that rows go by there, and where those names stand."
    ranges, places, expected, levels = [], [], True, depths(words)
    for i in range(start + 1, end):
        word = plain(words[i])
        if expected:
            at = i + 2 if words[i + 1 : i + 2] == ["as"] else i + 1
            named = at < end and is_name(words[at]) and words[at] not in ["natural", *r["keywords"]]
            if word not in r["tables"]:
                return "FROM needs a table of this room here: " + word, [], []
            if words[(at if named else i) + 1 :][:1] == ["("]:
                return "a table's columns cannot be renamed", [], []
            ranges += [word] + ([plain(words[at])] if named else [])
            places += [i] + ([at] if named else [])
        expected = words[i] == "join" or (words[i] == "," and levels[i] == 0)
    return "", ranges, places


def word_problem(words, i, r, ranges, outputs):
    word, before, after = words[i], words[i - 1], [*words, "", ""][i + 1]
    if word == "*":
        counted = before == "(" and words[i - 2] == "count" and after == ")"
        times = before in (")", "0") or (is_name(before) and plain(before) in r["columns"])
        return "" if counted or times or r["star"] else "columns have to be named, a star is not possible"
    if not is_name(word):
        return ""
    name = plain(word)
    if name in r["hidden"]:
        counted = [plain(w) for w in words[max(0, i - 3) : i + 2]] == sizes(r)
        return "" if counted and r["people"] else "the room's rules hide the column " + name
    if after == "(" and word in r["aggregates"] and r["min_group"] > 1:
        inside = words[i + 2 : i + 2 + [*words[i + 2 :], ")"].index(")")]
        inside = inside[1:] if inside[:1] == ["distinct"] else inside
        inside = inside[2:] if inside[1:2] == ["."] else inside
        bare = len(inside) == 1 and (inside == ["*"] or plain(inside[0]) in r["columns"])
        size = [plain(w) for w in words[i : i + len(sizes(r))]] == sizes(r)
        return "" if bare or size else word + " takes a plain column here"
    if after == "(":
        known = word in r["functions"] or word in r["aggregates"] or word in r["keywords"]
        return "" if known else "the function " + name + " is not possible"
    if before == ".":
        return "" if plain(words[i - 2]) in ranges and name in r["columns"] else "there is no such column: " + name
    if name in ranges:
        return "" if after == "." or before == "as" else "a whole row of a table is not possible: " + name
    allowed = word in r["keywords"] or name in r["columns"] or name in outputs or before == "as"
    return "" if allowed else "the name " + name + " is not possible here; output columns are named with AS"
