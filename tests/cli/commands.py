"""The command, and how it ended."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass

COMMAND = (sys.executable, "-m", "batuta")


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def document(self) -> dict[str, object]:
        """The JSON document on stdout."""
        return json.loads(self.stdout)
