#!/usr/bin/env python
"""Django's command line for the Hivemind server."""

import os
import sys

from django.core.management import execute_from_command_line


def main() -> None:
    """Run a management command with the settings of this project."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hivemind.settings.base")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
