"""Take the package index's name out of a uv lock file: versions and hashes stay, the user's own index serves.

uv writes the address of the index it asked beside every file. An installation by hash does not need it, and a
lock that names an index fails wherever another one must be used.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

NOWHERE = "https://index.invalid"  # RFC 2606: a name that never resolves


def neutral(lock: str) -> str:
    """The lock with every address on the reserved name."""
    return re.sub(r'(?<=")https?://[^/"]+', NOWHERE, lock)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        path = Path(name)
        path.write_text(neutral(path.read_text(encoding="utf-8")), encoding="utf-8")
