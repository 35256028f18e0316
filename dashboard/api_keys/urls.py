from django.urls import path

from dashboard.api_keys import views

urlpatterns = [
    path("api-keys/", views.api_key_list, name="api_key_list"),
    path("api-keys/<uuid:key_id>/revoke/", views.api_key_revoke, name="api_key_revoke"),
]
