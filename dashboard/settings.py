"""Every setting, from the environment alone; with nothing set, the site runs on this machine.

The README lists what each variable is for.
"""

from __future__ import annotations

import base64
import secrets
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from dashboard import environment, single_signon, storage
from dashboard.observing import logs, telemetry
from dashboard.web import routes

# An installed wheel has templates, static files and translations inside this package, where
# setup.py puts them; a checkout has them beside it.
PACKAGE = Path(__file__).resolve().parent
INSTALLED = (PACKAGE / "templates").is_dir()
BASE_DIR = PACKAGE if INSTALLED else PACKAGE.parent
VAR_DIR = Path(
    environment.text("VAR_DIR", str((Path.cwd() if INSTALLED else BASE_DIR) / "var"))
).resolve()

# The cloud, and how long its answers stay fresh

DIDIYUN_API_URL = environment.text("DIDIYUN_API_URL", "https://open.didiyunapi.com").rstrip("/")
if urlsplit(DIDIYUN_API_URL).scheme not in ("http", "https"):
    raise ImproperlyConfigured(f"DIDIYUN_API_URL: {DIDIYUN_API_URL!r} is not an http(s) address")
DEMO = environment.demo("DEMO", DIDIYUN_API_URL)
UPSTREAM_DEADLINE_SECONDS = environment.number(
    "UPSTREAM_DEADLINE_SECONDS", 20, least=1, most=50
)  # below gunicorn's timeout, see dashboard/gunicorn.py
# Of all processes together; 0 for no limit.
UPSTREAM_CALLS_PER_SECOND = environment.number(
    "UPSTREAM_CALLS_PER_SECOND", 20, least=0, most=100_000
)
# The most that is read of one token, and the memory of the worker process that reads it.
UPSTREAM_MAX_IMAGES = environment.number("UPSTREAM_MAX_IMAGES", 200_000, least=1, most=10_000_000)
UPSTREAM_MAX_MB = environment.number("UPSTREAM_MAX_MB", 256, least=1, most=65_536)
UPSTREAM_IMAGE_KB = environment.number("UPSTREAM_IMAGE_KB", 5, least=1, most=65_536)
UPSTREAM_MEMORY_MB = environment.number("UPSTREAM_MEMORY_MB", 2048, least=512, most=1_048_576)
INVENTORY_FRESH_SECONDS = environment.number("INVENTORY_FRESH_SECONDS", 60, least=1, most=86_400)
# How old it may get while nobody looks.
INVENTORY_IDLE_SECONDS = environment.number("INVENTORY_IDLE_SECONDS", 900, least=1, most=86_400)
INVENTORY_STALE_SECONDS = environment.number(
    "INVENTORY_STALE_SECONDS", 86_400, least=1, most=30 * 86_400
)
INVENTORY_MEMORY_MB = environment.number("INVENTORY_MEMORY_MB", 256, least=16, most=65_536)

# Secrets, host names, limits and https

DEBUG = environment.flag("DEBUG", default=False)
SECRET_KEY = environment.generated(
    "SECRET_KEY", VAR_DIR / "secret_key", lambda: secrets.token_urlsafe(50)
)
TOKEN_KEYS = environment.generated(
    "TOKEN_KEYS",
    VAR_DIR / "token_keys",
    lambda: "k1:" + base64.b64encode(secrets.token_bytes(32)).decode(),
)
AUDIT_KEYS = environment.generated(
    "AUDIT_KEYS", VAR_DIR / "audit_keys", lambda: secrets.token_urlsafe(50)
)
if any(len(key.strip()) < 32 for key in AUDIT_KEYS.split(",")):
    raise ImproperlyConfigured("AUDIT_KEYS: a key is shorter than 32 characters")
PORT = environment.number("PORT", 8000, least=1, most=65_535)
PUBLIC_URL = environment.text("PUBLIC_URL").rstrip("/")
if PUBLIC_URL and urlsplit(PUBLIC_URL).scheme not in ("http", "https"):
    raise ImproperlyConfigured(f"PUBLIC_URL: {PUBLIC_URL!r} is not an http(s) address")
if PUBLIC_URL.count("/") > 2 or "?" in PUBLIC_URL or "#" in PUBLIC_URL:
    raise ImproperlyConfigured(
        f"PUBLIC_URL: {PUBLIC_URL!r} has more than a host: the dashboard needs one of its own, "
        "such as https://images.example.com"
    )
ALLOWED_HOSTS = environment.names("ALLOWED_HOSTS") or [
    *(host for host in [urlsplit(PUBLIC_URL).hostname] if host),
    "localhost",
    "127.0.0.1",
    "[::1]",
]

API_REQUESTS_PER_MINUTE = environment.number(
    "API_REQUESTS_PER_MINUTE", 600, least=1, most=1_000_000
)

TOKEN_CHECKS_PER_MINUTE = environment.number("TOKEN_CHECKS_PER_MINUTE", 10, least=1, most=1_000)
EXPORTS_AT_ONCE = environment.number("EXPORTS_AT_ONCE", 2, least=1, most=100)

HTTPS = PUBLIC_URL.startswith("https://")
SECURE_SSL_REDIRECT = HTTPS
# The proxies that are believed about where a request comes from: without https, none.
TRUSTED_PROXIES = environment.networks(
    "TRUSTED_PROXIES", "127.0.0.0/8, ::1/128" if HTTPS else "none"
)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REDIRECT_EXEMPT = [f"^({'|'.join(routes.MACHINE_ROUTES)})$"]
SECURE_HSTS_SECONDS = 365 * 86_400 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
# With this prefix browsers accept a cookie only from this very host, over https.
COOKIE_PREFIX = "__Host-" if HTTPS else ""
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid"
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrftoken"
LANGUAGE_COOKIE_NAME = f"{COOKIE_PREFIX}django_language"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
CSRF_FAILURE_VIEW = "dashboard.web.stale_forms.csrf_failure"
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if PUBLIC_URL else []
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
# Valid until the first request, when dashboard/people/sessions.py sets the age.
SESSION_COOKIE_AGE = 86_400
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# What the site is made of

ROOT_URLCONF = "dashboard.urls"
WSGI_APPLICATION = "dashboard.wsgi.application"
INSTALLED_APPS = [
    "whitenoise.runserver_nostatic",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "dashboard.static_files.StaticFiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_htmx",
    "dashboard",
    "dashboard.web",
    "dashboard.people",
    "dashboard.audit",
    "dashboard.tokens",
    "dashboard.api_keys",
    "dashboard.displays",
    "dashboard.saved_views",
    "images",
    "images.history",
]
MIDDLEWARE = [
    "dashboard.web.middleware.known_sender",
    "dashboard.observing.metrics.request_metrics",
    "dashboard.web.middleware.request_log",
    "dashboard.web.middleware.security_headers",
    "django.middleware.security.SecurityMiddleware",
    "dashboard.web.middleware.known_methods",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "dashboard.web.compression.compression",
    "dashboard.people.sessions.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "dashboard.web.middleware.Common",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "dashboard.people.sessions.session_limits",
    "dashboard.api_keys.middleware.bearer",
    "dashboard.web.limits.rate_limits",
    "dashboard.web.limits.export_slots",
    "dashboard.web.middleware.LoginRequired",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "dashboard.web.once.CountOnce",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "dashboard.web.theme.context",
                "dashboard.web.about.context",
                "dashboard.people.reader.context",
                "dashboard.tokens.views.marks.context",
            ],
        },
    },
    # Those in templates/fragments/, see images/fragments.py.
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {"environment": "images.fragments.environment"},
    },
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Data and cache

DATABASES = storage.databases(VAR_DIR)
CACHES = storage.caches()
if DATABASES["default"]["ENGINE"].endswith("postgresql"):
    INSTALLED_APPS.insert(0, "procrastinate.contrib.django")  # before dashboard.admin
    PROCRASTINATE_AUTODISCOVER_MODULE_NAME = ""
if "cache" in DATABASES:
    DATABASE_ROUTERS = ["dashboard.caching.router.CacheRouter"]
# Sessions are in the database alone: a cache could return one that was signed out.
SESSION_ENGINE = "django.contrib.sessions.backends.db"

# Signing in

AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
_VALIDATORS = "django.contrib.auth.password_validation."
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"{_VALIDATORS}UserAttributeSimilarityValidator"},
    {"NAME": f"{_VALIDATORS}MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": f"{_VALIDATORS}CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "dashboard.people.adapters.Adapter"
ACCOUNT_FORMS = {"change_password": "dashboard.people.adapters.ChangePasswordForm"}
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_URL
ACCOUNT_SESSION_REMEMBER = True
# By IP address first: whoever guesses at an account locks out themselves, not its owner elsewhere.
# The limit by account is beyond the reach of one address, and stops many that guess at one account.
ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "login_failed": "10/5m/ip,300/h/key"}
MFA_ADAPTER = "dashboard.tokens.second_factors.Adapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_FORMS = {"activate_totp": "dashboard.tokens.second_factors.ActivateForm"}
MFA_TOTP_ISSUER = "Image dashboard"
# Throttling goes by the client's IP address, as the proxy reports it where there is one.
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if TRUSTED_PROXIES else 0
DEFAULT_EXCEPTION_REPORTER_FILTER = "dashboard.observing.error_reports.Reticent"

# Single sign-on, where the environment describes a provider

OIDC = single_signon.provider()
if OIDC:
    INSTALLED_APPS += [
        "allauth.socialaccount",
        "allauth.socialaccount.providers.openid_connect",
    ]
    AUTHENTICATION_BACKENDS += ["allauth.account.auth_backends.AuthenticationBackend"]
    SOCIALACCOUNT_ADAPTER = "dashboard.people.oidc.Adapter"
    SOCIALACCOUNT_PROVIDERS = single_signon.allauth_settings(OIDC)
    # A link starts single sign-on. State and PKCE are bound to the session, so a link from
    # elsewhere can at most sign people in as themselves.
    SOCIALACCOUNT_LOGIN_ON_GET = True
    SOCIALACCOUNT_STORE_TOKENS = False

# Words and numbers

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "dashboard.formats"
TIME_ZONE = "UTC"
USE_TZ = True

# Static files

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = Path(
    environment.text(
        "STATIC_DIR", str(VAR_DIR / "static" if INSTALLED else BASE_DIR / "build" / "static")
    )
)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# /metrics, Sentry, OpenTelemetry and the log

METRICS_NETWORKS = environment.networks("METRICS_NETWORKS", "127.0.0.0/8, ::1/128")
METRICS_KEY = environment.text("METRICS_KEY")
if METRICS_KEY and len(METRICS_KEY) < 16:
    raise ImproperlyConfigured("METRICS_KEY: shorter than 16 characters")
SENTRY_DSN = environment.text("SENTRY_DSN")
OTLP_ENDPOINT = environment.text("OTEL_EXPORTER_OTLP_ENDPOINT")
telemetry.check(SENTRY_DSN, OTLP_ENDPOINT)

LOG_LEVEL = environment.text("LOG_LEVEL", "INFO").upper()
if LOG_LEVEL not in ("DEBUG", "INFO", "WARNING", "ERROR"):
    raise ImproperlyConfigured(f"LOG_LEVEL: {LOG_LEVEL!r} is not DEBUG, INFO, WARNING or ERROR")
LOGGING = logs.configuration(LOG_LEVEL, readable=DEBUG)
