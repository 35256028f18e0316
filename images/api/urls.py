from django.urls import path

from images.api import endpoints, page  # noqa: F401  (importing the endpoints makes them known)
from images.api.routing import urlpatterns as endpoint_patterns

app_name = "api"
urlpatterns = [
    path("", page.api_page, name="page"),
    path("openapi.json", page.openapi, name="openapi"),
    *endpoint_patterns,
]
