from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.urls import path

from dashboard.people.views import endings, invitations, members, sign_in, teams
from dashboard.web.routes import INVITATIONS

# Only those of allauth's pages that signing in with a password needs, under allauth's own names.
urlpatterns = [
    path("accounts/login/", account.login, name="account_login"),
    # Nobody should have to sign in only to be asked about signing out.
    path("accounts/logout/", login_not_required(account.logout), name="account_logout"),
    path("accounts/inactive/", account.account_inactive, name="account_inactive"),
    path("accounts/signup/", account.signup, name="account_signup"),
    path("accounts/password/change/", account.password_change, name="account_change_password"),
    path("accounts/password/set/", sign_in.no_password, name="account_set_password"),
    path("accounts/reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("accounts/2fa/", mfa.index, name="mfa_index"),
    path("accounts/2fa/authenticate/", sign_in.second_step, name="mfa_authenticate"),
    path("accounts/2fa/reauthenticate/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("accounts/2fa/app/activate/", totp.activate_totp, name="mfa_activate_totp"),
    path("accounts/2fa/app/deactivate/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("accounts/2fa/codes/", sign_in.codes_shown, name="mfa_view_recovery_codes"),
    path(
        "accounts/2fa/codes/generate/",
        codes.generate_recovery_codes,
        name="mfa_generate_recovery_codes",
    ),
    path(
        "accounts/2fa/codes/download/",
        sign_in.codes_downloaded,
        name="mfa_download_recovery_codes",
    ),
    path("teams/", teams.team_list, name="team_list"),
    path("teams/<slug:slug>/settings/", teams.team_settings, name="team_settings"),
    path("teams/<slug:slug>/delete/", teams.team_delete, name="team_delete"),
    path("teams/<slug:slug>/leave/", members.team_leave, name="team_leave"),
    path("teams/<slug:slug>/people/", members.team_people, name="team_people"),
    path("teams/<slug:slug>/people/<int:user_id>/role/", members.member_role, name="member_role"),
    path(
        "teams/<slug:slug>/people/<int:user_id>/remove/",
        members.member_remove,
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
        endings.account_switch_off,
        name="account_switch_off",
    ),
    path("people/<int:user_id>/delete/", endings.account_delete, name="account_delete"),
    path(f"{INVITATIONS}<str:key>/", invitations.invitation, name="invitation"),
]

if settings.OIDC:
    from allauth.socialaccount import views as social

    from dashboard.people.views import single_signon

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
