from django.urls import path

from images.views import compare, detail, exports, look, looks, news, table

app_name = "images"
urlpatterns = [
    path("", table.image_list, name="list"),
    path("compare/", compare.compare_images, name="compare"),
    path("looks/", looks.choose_looks, name="looks"),
    path("refresh/", table.refresh, name="refresh"),
    path("export.csv", exports.export_csv, name="export-csv"),
    path("export.json", exports.export_json, name="export-json"),
    path("news/<int:as_of>/<slug:shown>/", news.image_news, name="news"),
    path("<slug:region>/<slug:uuid>/", detail.image_detail, name="detail"),
    path("<slug:region>/<slug:uuid>/look/", look.quick_look, name="look"),
]
