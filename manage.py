#!/usr/bin/env python
import os
import sys

from django.core.management import execute_from_command_line

from dashboard.observing import telemetry

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    telemetry.report_errors()
    execute_from_command_line(sys.argv)
