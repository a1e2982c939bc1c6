"""What is in a cache's memory, to be looked at from outside and not to be changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Generic, TypeVar

K = TypeVar("K")
R = TypeVar("R")
V = TypeVar("V")


class View(Mapping[K, V], Generic[K, R, V]):
    """Rows as the values they stand for, made when they are looked at; entries past their time included."""

    def __init__(self, rows: Callable[[], dict[K, R]], value: Callable[[R], V]) -> None:
        self._rows = rows
        self._value = value

    def __getitem__(self, key: K) -> V:
        return self._value(self._rows()[key])

    def __iter__(self) -> Iterator[K]:
        return iter(self._rows())

    def __len__(self) -> int:
        return len(self._rows())

    def __repr__(self) -> str:
        return f"<{len(self)} entries>"
