from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from dashboard.accounts import audit_triggers, vault
from images.services import signals


class AccountsConfig(AppConfig):
    name = "dashboard.accounts"
    verbose_name = _("People and tokens")

    def ready(self) -> None:
        # A process with unusable keys must not come up and fail at the first token.
        vault.check()
        post_migrate.connect(audit_triggers.ensure, sender=self, dispatch_uid="audit_triggers")
        # Its models are there only now.
        from dashboard.accounts import comings, recording

        signals.region_read.connect(recording.record, dispatch_uid="history")
        comings.connect()
