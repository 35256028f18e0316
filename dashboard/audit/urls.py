from django.urls import path

from dashboard.audit import views

urlpatterns = [
    path("teams/<slug:slug>/audit/", views.team_audit, name="team_audit"),
    path("teams/<slug:slug>/audit.csv", views.team_audit_csv, name="team_audit_csv"),
    path("audit/mine/", views.my_audit, name="my_audit"),
    path("audit/", views.audit_list, name="audit_list"),
    path("audit.csv", views.audit_csv, name="audit_csv"),
]
