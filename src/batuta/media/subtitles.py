"""Subtitles: cues in reading order, each some lines of text between an in time and an out time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cue:
    """One subtitle on screen from `start` until `end` (seconds), its text already broken into lines."""

    start: float
    end: float
    lines: tuple[str, ...]

    @property
    def duration(self) -> float:
        """Seconds on screen."""
        return self.end - self.start

    @property
    def text(self) -> str:
        """The text as it stands on screen, one line under the other."""
        return "\n".join(self.lines)

    @property
    def plain(self) -> str:
        """The text in one line."""
        return " ".join(self.lines)


@dataclass(frozen=True, slots=True)
class Subtitles:
    """All the cues of one language; `language` is a BCP 47 tag, `und` when nobody knows."""

    language: str
    cues: tuple[Cue, ...]
