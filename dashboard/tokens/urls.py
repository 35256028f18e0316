from django.urls import path

from dashboard.tokens.views import rotation, tokens

urlpatterns = [
    path("tokens/", tokens.token_list, name="token_list"),
    path("tokens/<uuid:token_id>/", tokens.token_page, name="token_page"),
    path("tokens/<uuid:token_id>/replace/", rotation.token_replace, name="token_replace"),
    path("tokens/<uuid:token_id>/compare/", rotation.token_compare, name="token_compare"),
    path("tokens/<uuid:token_id>/switch/", rotation.token_switch, name="token_switch"),
    path("tokens/<uuid:token_id>/keep/", rotation.token_keep, name="token_keep"),
    path("tokens/<uuid:token_id>/restore/", rotation.token_restore, name="token_restore"),
    path("tokens/<uuid:token_id>/disable/", tokens.token_disable, name="token_disable"),
    path("tokens/<uuid:token_id>/enable/", tokens.token_enable, name="token_enable"),
    path("tokens/<uuid:token_id>/delete/", tokens.token_delete, name="token_delete"),
    path("tokens/<uuid:token_id>/check/", tokens.token_check, name="token_check"),
    path("teams/<slug:slug>/", tokens.team_page, name="team_page"),
]
