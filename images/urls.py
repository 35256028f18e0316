from django.urls import path

from images.views.image import compare, detail, quick_look
from images.views.list import exports, image_list, polling, preferences, suggestions
from images.views.palette import palette

app_name = "images"
urlpatterns = [
    path("", image_list.image_list, name="list"),
    path("compare/", compare.compare_images, name="compare"),
    path("palette/", palette.palette, name="palette"),
    path("suggestions/", suggestions.suggestions, name="suggestions"),
    path("looks/", preferences.choose_preferences, name="looks"),
    path("refresh/", image_list.refresh, name="refresh"),
    path("export.csv", exports.export_csv, name="export-csv"),
    path("export.json", exports.export_json, name="export-json"),
    path("news/<int:as_of>/<slug:shown>/", polling.image_news, name="news"),
    path("<slug:region>/<slug:uuid>/", detail.image_detail, name="detail"),
    path("<slug:region>/<slug:uuid>/look/", quick_look.quick_look, name="look"),
]
