from django.urls import path

from images.views import detail, exports, jobs, table

app_name = "images"
urlpatterns = [
    path("", table.image_list, name="list"),
    path("refresh/", table.refresh, name="refresh"),
    path("export.csv", exports.export_csv, name="export-csv"),
    path("export.json", exports.export_json, name="export-json"),
    path("jobs/<int:as_of>/<slug:shown>/", jobs.image_jobs, name="jobs"),
    path("<slug:region>/<slug:uuid>/", detail.image_detail, name="detail"),
]
