"""Which of Postgres' built-in functions and catalogs are harmless, and which tell of the whole server.

The list is of what may stay open: a function that a later Postgres adds is closed until somebody looked at it.
"""

import re

# Functions that depend on the session or the clock and still only compute.
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
    """.split()  # noqa: SIM905 - one word per item would be a page
)

# Statistics and locks of the whole server: not even the owner of one tenant's data has business there.
CLUSTER_WIDE = re.compile(
    r"pg_stat_get_(activity|backend_|db_|progress_info|wal|replication|subscription|archiver|slru|io).*"
    r"|pg_(lock_status|blocking_pids|safe_snapshot_blocking_pids|prepared_xact|tablespace_databases"
    r"|isolation_test_session_is_blocked|get_replication_slots|get_multixact_members|hba_file_rules)"
)

# Tables that tell of other tenants: their databases, roles and sessions.
CLUSTER_WIDE_RELATIONS = frozenset(
    """
    pg_database pg_db_role_setting pg_auth_members pg_roles pg_user pg_group pg_tablespace pg_locks
    pg_stat_activity pg_stat_database pg_stat_database_conflicts pg_stat_ssl pg_stat_gssapi
    pg_stat_replication pg_stat_subscription pg_replication_slots pg_prepared_xacts pg_shdepend
    pg_shdescription pg_subscription pg_stat_progress_copy pg_stat_progress_vacuum
    pg_stat_progress_create_index pg_stat_progress_analyze pg_stat_progress_cluster
    pg_stat_progress_basebackup
    """.split()  # noqa: SIM905 - as above
)
