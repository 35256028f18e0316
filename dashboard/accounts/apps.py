from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from dashboard.accounts import vault
from images.services import news


class AccountsConfig(AppConfig):
    name = "dashboard.accounts"
    verbose_name = _("People and tokens")

    def ready(self) -> None:
        # A process with unusable keys must not come up and fail at the first token.
        vault.check()
        # Its models are there only now.
        from dashboard.accounts import history

        news.changed.connect(history.note, dispatch_uid="history")
