"""The command line: `batuta`."""

from batuta.cli.main import main

__all__ = ["main"]
