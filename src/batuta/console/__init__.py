"""The web console: pages rendered here, brought to life by small modules that talk to the public API.

`add_console(app, "/captions")` puts it on an app of captions.
"""

from batuta.console.wiring import HOME, LOGIN, add_console

__all__ = ["HOME", "LOGIN", "add_console"]
