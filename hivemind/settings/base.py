"""Django's settings, read once from the environment through `hivemind.settings.env`."""

import os
import secrets
from pathlib import Path

import environ
from corsheaders import defaults as corsheaders_defaults

from hivemind.local import paths
from hivemind.settings import env

BASE_DIR = Path(__file__).resolve().parent.parent.parent
HIVEMIND = env.from_process(BASE_DIR)
STATE_DIR = HIVEMIND.state_dir


def _secret_key() -> str:
    """The configured key, or one made at first start and kept in the state directory for its owner alone."""
    if HIVEMIND.service.secret_key:
        return HIVEMIND.service.secret_key
    path = STATE_DIR / "secret.key"
    if not path.exists():
        STATE_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = STATE_DIR / f"secret.key.{os.getpid()}"
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(48), encoding="ascii")
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii")


SECRET_KEY = _secret_key()
DEBUG = HIVEMIND.service.debug
ALLOWED_HOSTS = [h.strip() for h in HIVEMIND.service.allowed_hosts.split(",") if h.strip()] or ["*"]

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_otp",
    "django_otp.plugins.otp_static",
    "django_otp.plugins.otp_totp",
    "axes",
    "pgtrigger",
    "pghistory",
    "corsheaders",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "hivemind.kit",
    "tenants",
    "attestation.server",
    "billing",
    "agents",
    "rooms",
    "runner",
    "hivemind",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "hivemind.kit.api.middleware.NulPathMiddleware",
    "hivemind.kit.api.middleware.TrailingSlashMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "hivemind.kit.access.middleware.SecondFactorMiddleware",
    "hivemind.kit.access.attribution.AttributionMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "hivemind.urls"
APPEND_SLASH = False
WSGI_APPLICATION = "hivemind.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "hivemind" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]


def _database() -> dict[str, object]:
    url = HIVEMIND.service.database_url
    default = environ.Env.db_url_config(url) if url else paths.database_settings(STATE_DIR)
    return {**default, "CONN_MAX_AGE": 300, "CONN_HEALTH_CHECKS": True}


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = HIVEMIND.service.redis_url or paths.redis_url(STATE_DIR)
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

# Archives are streamed by their own parser; nothing else may make the web process hold much memory.
DATA_UPLOAD_MAX_MEMORY_SIZE = 32 * 1024 * 1024
FILE_UPLOAD_TEMP_DIR = None
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

# Off unless origins are configured; credentials never cross, because bearers are not cookies.
CORS_ALLOWED_ORIGINS = [o.strip() for o in HIVEMIND.service.cors_allow_origins.split(",") if o.strip()]
CORS_URLS_REGEX = r"^/v1/"
CORS_PREFLIGHT_MAX_AGE = 600
CORS_ALLOW_HEADERS = (
    *corsheaders_defaults.default_headers,
    "x-hivemind-api-key",
    "x-hivemind-payer-key",
    "x-hivemind-idempotency-key",
)

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HIVEMIND.evidence.enclave_tls or HIVEMIND.service.public_url.startswith("https://")
CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE
CSRF_TRUSTED_ORIGINS = [HIVEMIND.service.public_url] if HIVEMIND.service.public_url else []

from hivemind.settings.topics.access import *  # noqa: E402, F403
from hivemind.settings.topics.admin import *  # noqa: E402, F403
from hivemind.settings.topics.celery import *  # noqa: E402, F403
from hivemind.settings.topics.logging import *  # noqa: E402, F403
from hivemind.settings.topics.rest import *  # noqa: E402, F403

CELERY_BEAT_SCHEDULE["retain"]["schedule"] = float(HIVEMIND.retention.sweep_seconds)  # noqa: F405
CELERY_BROKER_URL = paths.celery_broker_url(REDIS_URL)
