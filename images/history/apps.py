from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from images.services import signals


class HistoryConfig(AppConfig):
    name = "images.history"
    verbose_name = _("Changes")

    def ready(self) -> None:
        from images.history import published, recording  # their models are there only now

        signals.region_read.connect(recording.record, dispatch_uid="history")
        signals.head_published.connect(published.keep, dispatch_uid="history")
        signals.head_wanted.connect(published.newest, dispatch_uid="history")
