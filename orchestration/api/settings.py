"""Django's settings, made from doubleread's. ``start.set_up`` checks them and loads this module."""

from typing import Any
from urllib.parse import urlsplit

from orchestration.api.secret_key import read_secret_key
from orchestration.settings import load_settings

SERVICE_SCHEMA = "doubleread_service"
"""The schema of the tables that Django's migrations make; the program's own lie in ``doubleread``."""

LOOPBACK_NAMES = ["localhost", "127.0.0.1", "[::1]"]
YEAR_SECONDS = 365 * 24 * 3600
POOL_WAIT_SECONDS = 2.0  # for a connection; then 503, so that a database that is gone holds no thread for long

DOUBLEREAD = load_settings()
PUBLIC_URL = urlsplit(DOUBLEREAD.doubleread_public_url or "")
IS_SECURE = PUBLIC_URL.scheme == "https"

DEBUG = False
SECRET_KEY = read_secret_key(DOUBLEREAD)
ALLOWED_HOSTS = LOOPBACK_NAMES + ([PUBLIC_URL.hostname] if PUBLIC_URL.hostname else [])
CSRF_TRUSTED_ORIGINS = [f"{PUBLIC_URL.scheme}://{PUBLIC_URL.netloc}"] if PUBLIC_URL.hostname else []
ROOT_URLCONF = "orchestration.api.urls"
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False

INSTALLED_APPS = [
    "orchestration.api.web.apps.ServiceAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "orchestration.api.accounts",
    "orchestration.api.audit",
    "orchestration.api.elements",
    "orchestration.api.jobs",
    "orchestration.api.pages",
]
MIDDLEWARE = [
    "orchestration.api.web.middleware.RouteMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "orchestration.api.web.middleware.ContentPolicyMiddleware",
    "orchestration.api.web.middleware.PlainRequestMiddleware",
    "orchestration.api.web.middleware.RefusalMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

_ENVIRONMENT = DOUBLEREAD.libpq_environment
DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": _ENVIRONMENT.get("PGHOST", ""),
        "PORT": _ENVIRONMENT.get("PGPORT", ""),
        "USER": _ENVIRONMENT.get("PGUSER", ""),
        "PASSWORD": _ENVIRONMENT.get("PGPASSWORD", ""),
        "NAME": _ENVIRONMENT.get("PGDATABASE") or "postgres",
        "CONN_HEALTH_CHECKS": True,  # a connection that broke while it lay in the pool is replaced before it is used
        "OPTIONS": {
            "application_name": "doubleread service",
            "options": f"-c search_path={SERVICE_SCHEMA},doubleread",
            "connect_timeout": 5,
            "pool": {"min_size": 1, "max_size": 8, "timeout": POOL_WAIT_SECONDS, "reconnect_timeout": 5.0},
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.Token"
AUTHENTICATION_BACKENDS = ["orchestration.api.accounts.backends.TokenBackend"]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
SESSION_COOKIE_AGE = 12 * 3600  # a working day
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "orchestration.api.web.handlers.csrf_failure"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"

if IS_SECURE:
    SECURE_SSL_REDIRECT = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]  # asked from within, where there is no TLS
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = YEAR_SECONDS
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
else:
    # Without DOUBLEREAD_PUBLIC_URL the service answers on this machine only, where there is no TLS to ask for.
    SILENCED_SYSTEM_CHECKS = ["security.W004", "security.W008", "security.W012", "security.W016"]

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True  # the files lie in the packages: nothing is collected before the start
WHITENOISE_MAX_AGE = 3600

DATA_UPLOAD_MAX_MEMORY_SIZE = DOUBLEREAD.doubleread_body_limit
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]

REST_FRAMEWORK = {
    # What endpoints use stands on their class, web.views.ServiceView; another view of the framework's is closed.
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAdminUser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "orchestration.api.web.handlers.answer_to_exception",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "doubleread results service",
    "DESCRIPTION": (
        "Processing results, inference jobs and findings. Every endpoint but /healthz and /readyz asks for "
        "`Authorization: Bearer TOKEN`; doubleread token create makes one."
    ),
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PUBLIC": True,
    "COMPONENT_SPLIT_REQUEST": True,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "OAS_VERSION": "3.1.1",
    "SORT_OPERATIONS": False,
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "orchestration.api.front.log.JSONFormatter"}},
    "handlers": {"stdout": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "json"}},
    "root": {"handlers": ["stdout"], "level": "WARNING"},
    "loggers": {
        "doubleread.service": {"handlers": ["stdout"], "level": "INFO", "propagate": False},
        # Their sentences repeat paths and hosts; the front logs every request and every error without them.
        "django.request": {"handlers": ["stdout"], "level": "CRITICAL", "propagate": False},
        "django.security": {"handlers": ["stdout"], "level": "CRITICAL", "propagate": False},
        # It would log each connection that fails, with what PostgreSQL said; the answer to the request is 503.
        "psycopg.pool": {"handlers": ["stdout"], "level": "CRITICAL", "propagate": False},
    },
}
