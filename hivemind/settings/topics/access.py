"""How operators sign in: a password, a lock after failures, and a second factor."""

from datetime import timedelta

import pghistory

# The first backend only looks whether somebody is locked out; the second knows passwords and permissions.
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]

# Failures are counted in the database, so that all web processes know of them.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
# Whoever keeps trying while locked out does not prolong it, so that nobody can lock a colleague out for ever.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_CLIENT_IP_CALLABLE = "hivemind.kit.access.lockout.counted_address"
AXES_LOCKOUT_CALLABLE = "hivemind.kit.access.lockout.locked_page"
# The trail tells who signed in, and our own page lists the failures.
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
# Of what a form sent nothing is kept that could let somebody in.
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "code", "csrfmiddlewaretoken", "next"]

# The history of rows: no constraints, no indexes but those that it asks for itself.
PGHISTORY_FOREIGN_KEY_FIELD = pghistory.ForeignKey(db_index=False)
PGHISTORY_INSTALL_CONTEXT_FUNC_ON_MIGRATE = False

OTP_TOTP_ISSUER = "Hivemind"
# Seconds to wait after the first wrong code; each further one doubles them.
OTP_TOTP_THROTTLE_FACTOR = 1
OTP_STATIC_THROTTLE_FACTOR = 1
