"""Which built-in functions an agent may call.

The parser refuses by pattern, early and with a sentence. Postgres refuses by privilege, in the template that
every tenant's database is made from.
"""

import re

_REFUSED = re.compile(
    r"pg_(?!typeof$|column_size$|size_pretty$|size_bytes$|collation_for$).*"
    r"|reg(class|proc|procedure|oper|operator|type|role|namespace|config|dictionary|collation)"
    r"|lo_.*|loread|lowrite|dblink.*|txid_.*|binary_upgrade_.*|has_.*_privilege|to_reg.*|brin_.*|gin_.*"
    r"|(query|table|schema|database|cursor)_to_xml.*"
    r"|inet_(client|server)_.*|(col|obj|shobj)_description|copy_(to|from)_program"
    r"|set_config|current_setting|set_role|setseed|nextval|currval|lastval|setval|currtid2?|version"
    r"|current_database|current_query|row_security_active|ts_stat|ts_rewrite|ts_debug|crosstab.*|connectby"
    r"|xpath_table|xslt_process|aclexplode|getpgusername|mxid_age|cursor_to_.*"
)
_SESSION_WORDS = frozenset(
    {"current_user", "session_user", "current_role", "current_catalog", "system_user", "current_database", "user"}
)


def is_refused(name: str) -> bool:
    """Whether the parser refuses a call of the function with this unqualified name."""
    return _REFUSED.fullmatch(name.lower()) is not None


def is_session_word(name: str) -> bool:
    """Whether an unquoted word tells who or where the session is."""
    return name.lower() in _SESSION_WORDS
