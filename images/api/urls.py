from django.urls import path

from images.api import endpoints, page  # noqa: F401  (importing the endpoints makes them known)
from images.api.routing import api

app_name = "api"
urlpatterns = [
    path("", page.api_page, name="page"),
    path("openapi.json", page.openapi, name="openapi"),
    *api.urls[0][:-1],  # without a root of its own
]
