"""Settings of the test suite: the real services, quick password hashing, tasks that run at once."""

import os
from dataclasses import fields, replace
from typing import cast

from hivemind.local import testing

testing.isolate_environment()

from hivemind.settings.base import *  # noqa: E402, F403
from hivemind.settings.base import DATABASES, HIVEMIND  # noqa: E402
from hivemind.settings.schema import Throttles  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Also names the session on the container engine, so that two sessions do not sweep each other's containers.
SECRET_KEY = f"not-a-secret-outside-the-test-suite-{os.getpid()}"
DATABASES["default"]["CONN_MAX_AGE"] = 0
DATABASES["default"]["TEST"] = {"NAME": os.environ.get("HIVEMIND_TEST_DATABASE_NAME", f"hivemind_test_{os.getpid()}")}
# Tests of real transactions empty every table after themselves, which the books refuse to anybody else.
options = cast(dict[str, object], DATABASES["default"].get("OPTIONS", {}))
DATABASES["default"]["OPTIONS"] = {**options, "options": "-c hivemind.may_empty_the_books=on"}
# All tests come from one address and are refused on purpose; those of the throttles switch them on.
HIVEMIND = replace(HIVEMIND, throttles=Throttles(**{each.name: "" for each in fields(Throttles)}))
# Each test client would look at every static file again.
WHITENOISE_USE_FINDERS = False
