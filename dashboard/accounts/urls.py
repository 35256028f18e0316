from allauth.account import views as signin
from django.contrib.auth.decorators import login_not_required
from django.urls import path

from dashboard.accounts.views import tokens

# Of allauth's pages only those that password sign-in needs, under the names it gives them.
urlpatterns = [
    path("accounts/login/", signin.login, name="account_login"),
    # Signing in only to be asked about signing out helps nobody.
    path("accounts/logout/", login_not_required(signin.logout), name="account_logout"),
    path("accounts/inactive/", signin.account_inactive, name="account_inactive"),
    path("accounts/signup/", signin.signup, name="account_signup"),
    path("accounts/password/change/", signin.password_change, name="account_change_password"),
    path("tokens/", tokens.token_list, name="token_list"),
    path("tokens/<uuid:token_id>/replace/", tokens.token_replace, name="token_replace"),
    path("tokens/<uuid:token_id>/delete/", tokens.token_delete, name="token_delete"),
    path("tokens/<uuid:token_id>/default/", tokens.token_default, name="token_default"),
    path("tokens/<uuid:token_id>/check/", tokens.token_check, name="token_check"),
]
