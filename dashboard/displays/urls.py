from django.urls import path

from dashboard.displays import views

urlpatterns = [
    path("teams/<slug:slug>/displays/", views.display_list, name="display_list"),
    path(
        "teams/<slug:slug>/displays/<uuid:display_id>/revoke/",
        views.display_revoke,
        name="display_revoke",
    ),
]
