"""One pass over a sound: where it comes from, what it runs through, how far it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from batuta.media.audio import Block
from batuta.services.normalizer.filters import Filter, FilterChain


class Sound(Protocol):
    """Blocks that can be gone over again and again."""

    @property
    def sample_rate(self) -> int:
        """Samples a second."""
        ...

    @property
    def channels(self) -> int:
        """Rows of each block."""
        ...

    @property
    def fraction_read(self) -> float:
        """How far the current iteration is, 0 to 1."""
        ...

    def __iter__(self) -> Iterator[Block]: ...


@dataclass(frozen=True, slots=True)
class Source:
    """A sound, the filters it still has to run through, and the sample rate it is wanted at."""

    sound: Sound
    sample_rate: int
    filters: tuple[Filter, ...] = ()

    def chain(self, *more: Filter) -> FilterChain:
        """Its filters, a change of rate if there is one, and then `more`, for one pass."""
        sound = self.sound
        resample = () if sound.sample_rate == self.sample_rate else (("aresample", str(self.sample_rate)),)
        return FilterChain(sound.sample_rate, sound.channels, *self.filters, *resample, *more)


class Progress:
    """One bar for several passes; it only grows."""

    def __init__(self, report: Callable[[float], None]) -> None:
        self._report = report
        self._percent = 0.0

    def over(self, sound: Sound, until: float) -> Iterator[Block]:
        """The sound's blocks; going over them moves the bar from where it is to `until` percent."""
        start = self._percent
        for block in sound:
            yield block
            self._percent = max(self._percent, start + (until - start) * sound.fraction_read)
            self._report(self._percent)
        self._percent = until
