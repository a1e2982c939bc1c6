"""Where espeak-ng is on this machine, found without loading any of it (why: `espeak.py`)."""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

from batuta.services.speech.contract import EspeakHome

_PACKAGE: Final = "espeakng_loader"
_DISTRIBUTION: Final = "espeakng-loader"
_PROGRAM: Final = "espeak-ng"
_SYSTEM: Final = {"darwin": "libespeak-ng.1.dylib"}
_LINUX: Final = "libespeak-ng.so.1"


@dataclass(frozen=True, slots=True)
class Found:
    """An espeak-ng, and what tells it from another version."""

    home: EspeakHome
    identity: str


def find_espeak() -> Found | None:
    """The one of the extra `gpl`, or the system's where the program is on PATH; None where neither is."""
    return _in_package() or _on_system()


def _in_package() -> Found | None:
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent
    library = folder / ("libespeak-ng.dylib" if sys.platform == "darwin" else "libespeak-ng.so")
    if not library.exists() or not (folder / "espeak-ng-data").is_dir():
        return None
    home = EspeakHome(library=str(library), data=str(folder))
    return Found(home, f"{_DISTRIBUTION}-{version(_DISTRIBUTION)}")


def _on_system() -> Found | None:
    """The program's own library: the system's loader knows it by name."""
    program = shutil.which(_PROGRAM)
    if program is None:
        return None
    seen = Path(program).stat()
    mark = hashlib.sha256(f"{program} {seen.st_size} {seen.st_mtime_ns}".encode()).hexdigest()[:8]
    return Found(EspeakHome(library=_SYSTEM.get(sys.platform, _LINUX), data=None), f"system-{mark}")
