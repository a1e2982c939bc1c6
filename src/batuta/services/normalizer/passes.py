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


class Resampled:
    """A sound at another rate."""

    def __init__(self, sound: Sound, sample_rate: int) -> None:
        self.sample_rate = sample_rate
        self._sound = sound

    @property
    def channels(self) -> int:
        """Those of the sound."""
        return self._sound.channels

    @property
    def fraction_read(self) -> float:
        """How far the current iteration is, 0 to 1."""
        return self._sound.fraction_read

    def __iter__(self) -> Iterator[Block]:
        yield from Source(self._sound, self.sample_rate).chain().run(self._sound)


class Progress:
    """One bar for several passes; it only grows."""

    def __init__(self, report: Callable[[float], None]) -> None:
        self._report = report
        self._percent = 0.0

    def rest(self) -> Progress:
        """A bar from 0 to 100 for what is left of this one."""
        done = self._percent
        return Progress(lambda percent: self._report(done + (100 - done) * percent / 100))

    def over(self, sound: Sound, until: float) -> Iterator[Block]:
        """The sound's blocks; going over them moves the bar from where it is to `until` percent."""
        start = self._percent
        for block in sound:
            yield block
            self._percent = max(self._percent, start + (until - start) * sound.fraction_read)
            self._report(self._percent)
        self._percent = until
