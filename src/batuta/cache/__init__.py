"""Look up a value instead of computing it again."""

from batuta.cache.gathered import Gathered
from batuta.cache.remembered import Remembered

__all__ = ["Gathered", "Remembered"]
