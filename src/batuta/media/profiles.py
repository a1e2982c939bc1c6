"""Profiles: how wide, how many, how fast and how long the cues of an audience and a language may be."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf
from types import MappingProxyType
from typing import Final

from batuta.errors import InvalidRequest
from batuta.media.scripts import columns, primary_language

_FRAME: Final = 1 / 24
"""Seconds; Netflix's Subtitle Timing Guidelines (360051554394) are written for 24 frames a second."""
_WIDEST: Final = 2
"""Columns of the widest character."""
_MOST_LINES: Final = 3
"""BBC Subtitle Guidelines, 3.3: two lines, three when nothing important is covered."""
_MILLISECOND: Final = 0.001
_MAX_GAP: Final = 1.0
"""Seconds; a longer one would leave no room for fast dialogue."""


@dataclass(frozen=True, slots=True)
class Profile:
    """The limits cues must keep; defaults are Netflix's General Requirements (partnerhelp article 215758617).

    Widths and speeds count characters, blanks and punctuation included, as `measure` does.
    Raises `InvalidRequest` for limits no cue can keep.
    """

    name: str
    max_line_width: float = 42
    """Characters in a line."""
    max_lines: int = 2
    max_cps: float = 20.0
    """Reading speed in characters a second."""
    min_duration: float = 5 / 6
    """Seconds: 20 frames."""
    max_duration: float = 7.0
    """Seconds."""
    min_gap: float = 2 * _FRAME
    """Seconds between one cue's out time and the next one's in time: two frames."""
    max_linger: float = 0.5
    """Seconds a cue may stay after its speech so that it can be read (Subtitle Timing Guidelines, 1)."""
    full_width: bool = False
    """Whether one character is a full-width one, and a narrow one half (Chinese, Japanese, Korean guides)."""

    def __post_init__(self) -> None:
        if not _WIDEST <= self.max_line_width * self.columns_per_character < inf:
            self._refuse("max_line_width", self.max_line_width, "at least one full-width character")
        if not 1 <= self.max_lines <= _MOST_LINES:
            self._refuse("max_lines", self.max_lines, f"1 to {_MOST_LINES}")
        if not self.max_cps > 0:
            self._refuse("max_cps", self.max_cps, "more than 0")
        if not 0 <= self.min_gap <= _MAX_GAP:
            self._refuse("min_gap", self.min_gap, f"between 0 and {_MAX_GAP} s")
        if not 0 <= self.max_linger <= self.max_duration:
            self._refuse("max_linger", self.max_linger, "between 0 and max_duration")
        if not _MILLISECOND <= self.min_duration <= self.max_duration - _MILLISECOND < inf:
            self._refuse("min_duration", self.min_duration, f"under max_duration ({self.max_duration:g} s)")

    def _refuse(self, field: str, value: float, expected: str) -> None:
        raise InvalidRequest(f"subtitle profile {self.name!r}: {field} is {value:g}, expected {expected}")

    @property
    def columns_per_character(self) -> int:
        """Screen columns of the character that counts as one."""
        return 2 if self.full_width else 1

    def measure(self, text: str) -> float:
        """How many characters the text counts for.

        A full-width character (East Asian Width W or F) counts two beside Latin script, and one in the
        languages written with them, where narrow ones count half. Marks that stand on another count nothing.
        """
        return columns(text) / self.columns_per_character

    def for_language(self, language: str) -> Profile:
        """This profile with the line width and reading speed its audience gets in that language.

        A profile of your own (any name that is not in the table) keeps its reading speed.
        """
        code = primary_language(language)
        if not code:
            return self
        speeds = _SPEEDS.get(self.name)
        speed = self.max_cps if speeds is None else speeds.get(code, speeds[""])
        width = min(self.max_line_width, _WIDTHS.get(code, self.max_line_width))
        return replace(self, max_line_width=width, max_cps=speed, full_width=code in _FULL_WIDTH)


# By language: Netflix's language guides, as Subtitle Edit's NetflixQualityController implements them.
_WIDTHS: Final = MappingProxyType({"ja": 13, "ko": 16, "th": 35, "yue": 16, "zh": 16})
_FULL_WIDTH: Final = frozenset({"ja", "ko", "yue", "zh"})
_SPEEDS: Final = MappingProxyType(
    {  # characters a second; "" is every other language
        "default": {
            "ar": 20.0,
            "en": 20.0,
            "hi": 22.0,
            "ja": 4.0,
            "ko": 12.0,
            "yue": 9.0,
            "zh": 9.0,
            "": 17.0,
        },
        "children": {
            "ar": 17.0,
            "en": 17.0,
            "hi": 18.0,
            "ja": 4.0,
            "ko": 9.0,
            "yue": 7.0,
            "zh": 7.0,
            "": 13.0,
        },
    }
)

DEFAULT: Final = Profile("default")
"""Adult programmes."""
CHILDREN: Final = Profile("children", max_cps=17.0)
"""Children's programmes."""

PROFILES: Final = MappingProxyType({profile.name: profile for profile in (DEFAULT, CHILDREN)})


def profile_named(name: str) -> Profile:
    """The profile of that name; raises `InvalidRequest` with the known ones for any other."""
    try:
        return PROFILES[name]
    except KeyError:
        known = ", ".join(sorted(PROFILES))
        raise InvalidRequest(f"there is no subtitle profile {name!r}; the known ones are: {known}") from None
