from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path, re_path
from django.views.i18n import set_language

from dashboard.observing import health, metrics
from dashboard.web import theme
from dashboard.web.routes import API, DISPLAYS
from images.views.changes import change_list, exports
from images.views.display import screen
from images.views.overview import coverage, overview_page

urlpatterns = [
    path("images/", include("images.urls")),
    path("overview/", overview_page.overview_page, name="overview"),
    path("overview/coverage/", coverage.coverage_page, name="coverage"),
    re_path("^overview/coverage/(?P<which>one|missing)/$", coverage.coverage_page, name="coverage"),
    path("overview/display", screen.overview_display, name="overview_display"),
    path("changes/", change_list.change_list, name="changes"),
    path("changes/export.csv", exports.changes_csv, name="changes_csv"),
    path("changes/export.json", exports.changes_json, name="changes_json"),
    path(f"{DISPLAYS}<str:key>/", screen.display, name="display"),
    path(f"{API}v1/", include("images.api.urls")),
    path("", include("dashboard.people.urls")),
    path("", include("dashboard.tokens.urls")),
    path("", include("dashboard.api_keys.urls")),
    path("", include("dashboard.displays.urls")),
    path("", include("dashboard.saved_views.urls")),
    path("", include("dashboard.audit.urls")),
    path("admin/", admin.site.urls),
    path("language/", login_not_required(set_language), name="set_language"),
    path("theme/", login_not_required(theme.set_theme), name="set_theme"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
]

handler400 = "dashboard.web.problems.bad_request"
handler403 = "dashboard.web.problems.forbidden"
handler404 = "dashboard.web.problems.not_found"
handler500 = "dashboard.web.problems.server_error"
