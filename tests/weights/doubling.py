"""A recipe for the tests: everything twice. `fail` and `hang` as content do what they say."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

if __name__ == "__main__":
    content = b"".join(Path(argument).read_bytes() for argument in sys.argv[1:])
    if content == b"fail":
        sys.exit("the ingredients do not go together")
    if content == b"hang":
        signal.pause()
    sys.stdout.buffer.write(content * 2)
