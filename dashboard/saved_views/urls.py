from django.urls import path

from dashboard.saved_views import views

urlpatterns = [
    path("", views.start, name="home"),
    path("views/", views.view_list, name="view_list"),
    path("views/menu/", views.view_menu, name="view_menu"),
    path("views/<uuid:view_id>/", views.view_edit, name="view_edit"),
    path("views/<uuid:view_id>/begin/", views.view_begin, name="view_begin"),
    path("views/<uuid:view_id>/delete/", views.view_delete, name="view_delete"),
]
