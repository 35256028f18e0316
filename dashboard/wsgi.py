import os

from django.core.wsgi import get_wsgi_application

from dashboard.observing import telemetry

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
telemetry.report_errors()
telemetry.trace()
application = get_wsgi_application()
