"""Batuta: one dependable front for slow, flaky media and AI services.

import batuta

captions = batuta.caption("talk.mp4", language="en")
print(captions.write("srt"))
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from batuta.version import __version__

if TYPE_CHECKING:
    from batuta.house import caption, open_batuta

__all__ = ["__version__", "caption", "open_batuta"]


def __getattr__(name: str) -> object:
    """`caption` and `open_batuta` bring the whole house with them, so they are imported when first used."""
    if name in {"caption", "open_batuta"}:
        from batuta import house  # noqa: PLC0415

        return getattr(house, name)
    raise AttributeError(f"module 'batuta' has no attribute {name!r}")
