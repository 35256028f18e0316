import os

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import include, path


@login_not_required
def broken(request: HttpRequest, key: str) -> HttpResponse:
    in_a_local = os.environ["A_SECRET"]
    raise RuntimeError(f"the cloud said {'ab' * 32} {len(in_a_local)}")


urlpatterns = [
    path("display/<str:key>/broken/", broken, name="broken"),
    path("", include("dashboard.urls")),
]
