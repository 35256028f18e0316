from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from dashboard.tokens import vault


class TokensConfig(AppConfig):
    name = "dashboard.tokens"
    verbose_name = _("Tokens")

    def ready(self) -> None:
        # A process with unusable keys must not start, only to fail at the first token.
        vault.check()
