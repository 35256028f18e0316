from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.urls import path

from dashboard.accounts.views import (
    account_endings,
    api_keys,
    audit,
    displays,
    invitations,
    people,
    replacing,
    saved,
    signin,
    teams,
    tokens,
)

# Of allauth's pages only those that password sign-in needs, under the names it gives them.
urlpatterns = [
    path("accounts/login/", account.login, name="account_login"),
    # Signing in only to be asked about signing out helps nobody.
    path("accounts/logout/", login_not_required(account.logout), name="account_logout"),
    path("accounts/inactive/", account.account_inactive, name="account_inactive"),
    path("accounts/signup/", account.signup, name="account_signup"),
    path("accounts/password/change/", account.password_change, name="account_change_password"),
    path("accounts/password/set/", signin.no_password, name="account_set_password"),
    path("accounts/reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("accounts/2fa/", mfa.index, name="mfa_index"),
    path("accounts/2fa/authenticate/", signin.second_step, name="mfa_authenticate"),
    path("accounts/2fa/reauthenticate/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("accounts/2fa/app/activate/", totp.activate_totp, name="mfa_activate_totp"),
    path("accounts/2fa/app/deactivate/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("accounts/2fa/codes/", signin.codes_shown, name="mfa_view_recovery_codes"),
    path(
        "accounts/2fa/codes/generate/",
        codes.generate_recovery_codes,
        name="mfa_generate_recovery_codes",
    ),
    path(
        "accounts/2fa/codes/download/",
        signin.codes_downloaded,
        name="mfa_download_recovery_codes",
    ),
    path("tokens/", tokens.token_list, name="token_list"),
    path("tokens/<uuid:token_id>/", tokens.token_page, name="token_page"),
    path("tokens/<uuid:token_id>/replace/", replacing.token_replace, name="token_replace"),
    path("tokens/<uuid:token_id>/compare/", replacing.token_compare, name="token_compare"),
    path("tokens/<uuid:token_id>/switch/", replacing.token_switch, name="token_switch"),
    path("tokens/<uuid:token_id>/keep/", replacing.token_keep, name="token_keep"),
    path("tokens/<uuid:token_id>/restore/", replacing.token_restore, name="token_restore"),
    path("tokens/<uuid:token_id>/disable/", tokens.token_disable, name="token_disable"),
    path("tokens/<uuid:token_id>/enable/", tokens.token_enable, name="token_enable"),
    path("tokens/<uuid:token_id>/delete/", tokens.token_delete, name="token_delete"),
    path("tokens/<uuid:token_id>/default/", tokens.token_default, name="token_default"),
    path("tokens/<uuid:token_id>/check/", tokens.token_check, name="token_check"),
    path("api-keys/", api_keys.api_key_list, name="api_key_list"),
    path("api-keys/<uuid:key_id>/revoke/", api_keys.api_key_revoke, name="api_key_revoke"),
    path("", saved.start, name="home"),
    path("views/", saved.view_list, name="view_list"),
    path("views/menu/", saved.view_menu, name="view_menu"),
    path("views/<uuid:view_id>/", saved.view_edit, name="view_edit"),
    path("views/<uuid:view_id>/begin/", saved.view_begin, name="view_begin"),
    path("views/<uuid:view_id>/delete/", saved.view_delete, name="view_delete"),
    path("teams/", teams.team_list, name="team_list"),
    path("teams/<slug:slug>/", teams.team_page, name="team_page"),
    path("teams/<slug:slug>/settings/", teams.team_settings, name="team_settings"),
    path("teams/<slug:slug>/delete/", teams.team_delete, name="team_delete"),
    path("teams/<slug:slug>/leave/", people.team_leave, name="team_leave"),
    path("teams/<slug:slug>/people/", people.team_people, name="team_people"),
    path("teams/<slug:slug>/people/<int:user_id>/role/", people.member_role, name="member_role"),
    path(
        "teams/<slug:slug>/people/<int:user_id>/remove/",
        people.member_remove,
        name="member_remove",
    ),
    path("teams/<slug:slug>/invitations/", invitations.invitation_make, name="invitation_make"),
    path(
        "teams/<slug:slug>/invitations/<uuid:invitation_id>/withdraw/",
        invitations.invitation_withdraw,
        name="invitation_withdraw",
    ),
    path(
        "people/<int:user_id>/switch-off/",
        account_endings.account_switch_off,
        name="account_switch_off",
    ),
    path("people/<int:user_id>/delete/", account_endings.account_delete, name="account_delete"),
    path("invitations/<str:key>/", invitations.invitation, name="invitation"),
    path("teams/<slug:slug>/displays/", displays.display_list, name="display_list"),
    path(
        "teams/<slug:slug>/displays/<uuid:display_id>/revoke/",
        displays.display_revoke,
        name="display_revoke",
    ),
    path("teams/<slug:slug>/audit/", audit.team_audit, name="team_audit"),
    path("teams/<slug:slug>/audit.csv", audit.team_audit_csv, name="team_audit_csv"),
    path("audit/mine/", audit.my_audit, name="my_audit"),
    path("audit/", audit.audit_list, name="audit_list"),
    path("audit.csv", audit.audit_csv, name="audit_csv"),
]

if settings.OIDC:
    from allauth.socialaccount import views as social

    from dashboard.accounts.views import single_signon

    urlpatterns += [
        path(
            "accounts/sso/cancelled/", social.login_cancelled, name="socialaccount_login_cancelled"
        ),
        path("accounts/sso/error/", social.login_error, name="socialaccount_login_error"),
        path(
            "accounts/sso/<slug:provider_id>/",
            single_signon.sso_login,
            name="openid_connect_login",
        ),
        path(
            "accounts/sso/<slug:provider_id>/back/",
            single_signon.sso_callback,
            name="openid_connect_callback",
        ),
    ]
