"""Which built-in functions an agent may call.

The parser refuses by pattern, early and with a sentence. Postgres refuses by privilege: there everything
that is not listed here (and is not an operator, a cast, an aggregate or immutable) is taken away from
PUBLIC.
"""

import re

# Built-in functions that depend on the session or the clock and still only compute.
SAFE_STABLE = frozenset(
    """
    age array_sample array_shuffle array_to_json array_to_string bernoulli clock_timestamp concat
    concat_ws convert convert_from convert_to date_add date_cmp_timestamptz date_part date_subtract
    date_trunc enum_first enum_last enum_range extract format gen_random_uuid generate_series
    get_current_ts_config in_range json_build_array json_build_object json_populate_record
    json_populate_recordset json_to_record json_to_recordset json_to_tsvector jsonb_build_array
    jsonb_build_object jsonb_path_exists_tz jsonb_path_match_tz jsonb_path_query_array_tz
    jsonb_path_query_first_tz jsonb_path_query_tz jsonb_populate_record jsonb_populate_record_valid
    jsonb_populate_recordset jsonb_to_record jsonb_to_recordset jsonb_to_tsvector length make_timestamptz
    now overlaps pg_collation_for pg_column_size pg_input_is_valid pg_typeof phraseto_tsquery
    plainto_tsquery quote_literal quote_nullable random random_normal row_to_json statement_timestamp
    system timeofday timestamp_cmp_timestamptz timestamptz timestamptz_cmp_date timestamptz_cmp_timestamp
    timezone to_char to_date to_json to_jsonb to_number to_timestamp to_tsquery to_tsvector
    transaction_timestamp ts_headline uuidv4 uuidv7 websearch_to_tsquery xml_is_well_formed
    """.split()  # noqa: SIM905  # one word per item would be a page
)

# Statistics and locks of the whole server: not even the owner of one tenant's data has business there.
CLUSTER_WIDE = re.compile(
    r"pg_stat_get_(activity|backend_|db_|progress_info|wal|replication|subscription|archiver|slru|io).*"
    r"|pg_(lock_status|blocking_pids|safe_snapshot_blocking_pids|prepared_xact|tablespace_databases"
    r"|isolation_test_session_is_blocked|get_replication_slots|get_multixact_members|hba_file_rules)"
)

_REFUSED = re.compile(
    r"pg_(?!typeof$|column_size$|size_pretty$|size_bytes$|input_is_valid$|collation_for$).*"
    r"|lo_.*|loread|lowrite|dblink.*|txid_.*|binary_upgrade_.*|has_.*_privilege|to_reg.*|brin_.*|gin_.*"
    r"|(query|table|schema|database|cursor)_to_xml.*"
    r"|inet_(client|server)_.*|(col|obj|shobj)_description|copy_(to|from)_program"
    r"|set_config|current_setting|set_role|setseed|nextval|currval|lastval|setval|currtid2?|version"
    r"|current_database|current_query|row_security_active|ts_stat|ts_rewrite|ts_debug|crosstab.*|connectby"
    r"|xpath_table|xslt_process|aclexplode|getpgusername|mxid_age|cursor_to_.*"
)
_SESSION_WORDS = frozenset(
    {"current_user", "session_user", "current_role", "current_catalog", "system_user", "current_database"}
)


def is_refused(name: str) -> bool:
    """Whether the parser refuses a call of the function with this unqualified name."""
    return _REFUSED.fullmatch(name.lower()) is not None


def is_session_word(name: str) -> bool:
    """Whether an unquoted word tells who or where the session is."""
    return name.lower() in _SESSION_WORDS
