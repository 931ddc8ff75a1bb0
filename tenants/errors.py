"""Reasons for which this app refuses something, one class each."""

from hivemind.kit.errors import Conflict, Invalid, NotFound, Unauthenticated, Unavailable


class TenantNotFound(NotFound):
    """No tenant has this id."""

    code = "tenant_not_found"
    sentence = "Tenant not found"


class BlankName(Invalid):
    """A tenant needs a name that is not blank and not overlong."""

    code = "tenant_name_invalid"
    sentence = "name must have 1 to 200 characters"


class DuplicateName(Conflict):
    """Another tenant has the name, whatever its case."""

    code = "tenant_name_taken"
    sentence = "A tenant with this name already exists"


class KeyRetired(Unauthenticated):
    """The owner key was replaced while the request was under way."""

    code = "owner_key_retired"
    sentence = "This owner key has just been replaced"


class WrongPreviousKey(Invalid):
    """The key presented does not open the tenant's old seal."""

    code = "previous_key_wrong"
    sentence = "previous_key is not an earlier owner key that opens this tenant"


class NotSealed(Conflict):
    """The tenant is open with its present key; there is nothing to recover."""

    code = "tenant_not_sealed"
    sentence = "This tenant is not sealed"


class ProvisioningFailed(Unavailable):
    """The tenant's database could not be made; nothing of it was left behind."""

    code = "provisioning_failed"
    sentence = "The tenant's database could not be made; nothing was kept"


class DatabaseRemains(Unavailable):
    """The tenant's database could not be dropped; the tenant is suspended and deleting can be tried again."""

    code = "tenant_database_remains"
    sentence = "The tenant's database could not be removed; the tenant is suspended, try deleting it again"


class DatabaseBusy(Unavailable):
    """Every connection that the tenant may have is taken, or its database does not answer."""

    code = "tenant_database_busy"
    sentence = "The tenant's database cannot take another connection at the moment"


class ControlDatabaseOpen(Unavailable):
    """The server lets every role into the service's own database."""

    code = "control_database_open"
    sentence = "The service's own database is open to every role; its owner must revoke CONNECT from PUBLIC"


class SqlRefused(Invalid):
    """The tenant's SQL failed or went over a limit; the sentence is the database's own."""

    code = "sql_failed"
    sentence = "The statement failed"


class ShortTokenId(Invalid):
    """Too few characters to name a token."""

    code = "token_id_too_short"
    sentence = "token_id must have at least 6 characters"


class TokenNotFound(NotFound):
    """No live token of the tenant begins so."""

    code = "token_not_found"
    sentence = "No active token has this id"


class AmbiguousTokenId(Conflict):
    """Several live tokens begin so; a longer prefix names one."""

    code = "token_id_ambiguous"
    sentence = "Several active tokens begin so; give more of the id"


class AdminKeyMissing(Unavailable):
    """The operator configured no admin key, so that the operator's routes are closed."""

    code = "admin_key_not_configured"
    sentence = "No admin key is configured"


class WrongAdminKey(Unauthenticated):
    """The admin key presented is not the configured one."""

    code = "admin_key_wrong"
    sentence = "Missing or invalid admin key"


class DatabaseNotOurs(Invalid):
    """The database, its role, or something in it is not the tenant's alone; the sentence says what."""

    code = "database_not_ours"
    sentence = "This database cannot be a tenant's"


class DatabaseInUse(Conflict):
    """Somebody has a session in the database."""

    code = "database_in_use"
    sentence = "The database is in use at the moment; suspend the tenant or wait, and try again"


class ServerRefused(Unavailable):
    """The database server did not do it, and nothing was changed."""

    code = "database_server_refused"
    sentence = "The database server did not do it; nothing was changed"


class DatabaseNameInvalid(Invalid):
    """What was given is not a name that a tenant's database can have."""

    code = "database_name_invalid"
    sentence = (
        "A database's name has 1 to 63 letters, digits, _ or -, begins with a letter or _, and is not one of the"
        " server's own; tenant_ and a tenant's id is for the tenant of that id alone"
    )


class DatabaseNameTaken(Conflict):
    """Another database has the name, or another tenant has the database."""

    code = "database_name_taken"
    sentence = "This database name already exists"


class DatabaseNotFound(NotFound):
    """No tenant's database has this name."""

    code = "tenant_database_not_found"
    sentence = "No tenant has a database of this name"


class TenantIdInvalid(Invalid):
    """What was given is not a tenant id."""

    code = "tenant_id_invalid"
    sentence = "tenant_id must be t_ and 1 to 60 of the digits 0 to 9 and letters a to f"


class TenantIdTaken(Conflict):
    """Another tenant has the id."""

    code = "tenant_id_taken"
    sentence = "A tenant with this id already exists"


class OwnerKeyInvalid(Invalid):
    """What was given could not authenticate anybody, or could be guessed."""

    code = "owner_key_invalid"
    sentence = "api_key must be hmk_ and 43 URL-safe characters that carry 32 random bytes; leave it out to get one"


class OwnerKeyTaken(Conflict):
    """The owner key was given to somebody before."""

    code = "owner_key_taken"
    sentence = "This api_key already exists; leave it out to get a fresh one"
