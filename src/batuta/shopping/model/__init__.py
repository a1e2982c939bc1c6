"""An optional language model: it may add to what our own reading understood, and reword the answer."""

from __future__ import annotations

from batuta.shopping.model.model import Model

__all__ = ["Model"]
