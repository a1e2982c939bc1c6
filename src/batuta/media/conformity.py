"""Whether subtitles keep their profile, rule by rule, as a viewer would measure it.

Independent of the shaper on purpose: the two share the profile and the counting of characters, nothing else,
so that a mistake in one is seen by the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypedDict, get_args

from batuta.media.profiles import Profile
from batuta.media.subtitles import Cue, Subtitles

Rule = Literal["width", "lines", "duration_min", "duration_max", "gap", "overlap", "cps", "empty"]

RULES: Final[tuple[Rule, ...]] = get_args(Rule)
HARD_RULES: Final[frozenset[Rule]] = frozenset(
    {"width", "lines", "duration_min", "duration_max", "gap", "overlap"}
)
"""Rules that can always be kept; speech may be too fast to be read, and an empty cue harms nobody."""

_TOLERANCE: Final = 0.001
"""Seconds: every subtitle format rounds to milliseconds."""


class ViolationDict(TypedDict):
    """The JSON form of a `Violation`."""

    rule: Rule
    cue_index: int
    value: float
    limit: float


class ConformityDict(TypedDict):
    """The JSON form of a `Conformity`."""

    profile: str
    cues: int
    hard_violations: int
    cpl_percent: float
    cps_percent: float
    lpb_percent: float
    violations: list[ViolationDict]


@dataclass(frozen=True, slots=True)
class Violation:
    """One cue breaks one rule: `value` was found where `limit` is allowed, in the rule's own unit."""

    rule: Rule
    cue_index: int
    value: float
    limit: float


@dataclass(frozen=True, slots=True)
class Conformity:
    """What was found in one file: how many cues there are, and which rules they break."""

    profile: str
    cues: int
    violations: tuple[Violation, ...]

    def of(self, rule: Rule) -> list[Violation]:
        """The violations of one rule."""
        return [violation for violation in self.violations if violation.rule == rule]

    @property
    def hard_violations(self) -> int:
        """How many violations there are of rules that can always be kept."""
        return sum(violation.rule in HARD_RULES for violation in self.violations)

    @property
    def cpl_percent(self) -> float:
        """Percentage of cues whose lines are all narrow enough: IWSLT's characters per line."""
        return self._percent("width")

    @property
    def cps_percent(self) -> float:
        """Percentage of cues that can be read in their time: IWSLT's characters per second."""
        return self._percent("cps")

    @property
    def lpb_percent(self) -> float:
        """Percentage of cues with few enough lines: IWSLT's lines per block."""
        return self._percent("lines")

    def _percent(self, rule: Rule) -> float:
        broken = len({violation.cue_index for violation in self.of(rule)})
        return 100.0 * (self.cues - broken) / self.cues if self.cues else 100.0

    def to_dict(self) -> ConformityDict:
        """JSON form, with every violation."""
        return {
            "profile": self.profile,
            "cues": self.cues,
            "hard_violations": self.hard_violations,
            "cpl_percent": round(self.cpl_percent, 2),
            "cps_percent": round(self.cps_percent, 2),
            "lpb_percent": round(self.lpb_percent, 2),
            "violations": [
                {
                    "rule": violation.rule,
                    "cue_index": violation.cue_index,
                    "value": round(violation.value, 3),
                    "limit": round(violation.limit, 3),
                }
                for violation in self.violations
            ],
        }

    def summary(self) -> str:
        """A few lines for a terminal: the file as a whole, then each broken rule with its worst cue."""
        percent = {"cpl": self.cpl_percent, "cps": self.cps_percent, "lpb": self.lpb_percent}
        lines = [
            f"{self.cues} cues, {self.hard_violations} hard violations (profile {self.profile})",
            "conforming: " + ", ".join(f"{name} {value:.1f} %" for name, value in percent.items()),
        ]
        broken = [(rule, found) for rule in RULES if (found := self.of(rule))]
        if broken:
            lines.append(f"{'rule':<13}{'limit':>8}{'broken':>8}{'worst':>10}  at cue")
        for rule, found in broken:
            worst = max(found, key=lambda violation: abs(violation.value - violation.limit))
            row = f"{rule:<13}{worst.limit:>8.4g}{len(found):>8}{worst.value:>10.4g}  {worst.cue_index + 1}"
            lines.append(row)
        return "\n".join(lines)


def check(subtitles: Subtitles, profile: Profile) -> Conformity:
    """Every rule of the profile against every cue; give the profile adapted to the subtitles' language."""
    violations: list[Violation] = []
    shown_until: float | None = None
    for index, cue in enumerate(subtitles.cues):
        found = [*_text_violations(cue, profile), *_time_violations(cue, shown_until, profile)]
        violations += [Violation(rule, index, value, limit) for rule, value, limit in found]
        shown_until = cue.end if shown_until is None else max(shown_until, cue.end)
    return Conformity(profile.name, len(subtitles.cues), tuple(violations))


def _text_violations(cue: Cue, profile: Profile) -> Iterator[tuple[Rule, float, float]]:
    widths = [profile.measure(line) for line in cue.lines]
    if not any(line.strip() for line in cue.lines):
        yield "empty", 0, 1
    if max(widths, default=0) > profile.max_line_width:
        yield "width", max(widths), profile.max_line_width
    if len(cue.lines) > profile.max_lines:
        yield "lines", len(cue.lines), profile.max_lines
    # A line break is no character, as Subtitle Edit counts; a cue that is never seen is read infinitely fast.
    if sum(widths) > profile.max_cps * max(0.0, cue.duration + _TOLERANCE):
        yield "cps", sum(widths) / max(cue.duration, _TOLERANCE), profile.max_cps


def _time_violations(
    cue: Cue, shown_until: float | None, profile: Profile
) -> Iterator[tuple[Rule, float, float]]:
    if cue.duration < profile.min_duration - _TOLERANCE:
        yield "duration_min", cue.duration, profile.min_duration
    if cue.duration > profile.max_duration + _TOLERANCE:
        yield "duration_max", cue.duration, profile.max_duration
    if shown_until is None:
        return
    gap = cue.start - shown_until
    if gap < -_TOLERANCE:
        yield "overlap", -gap, 0
    elif gap < profile.min_gap - _TOLERANCE:
        yield "gap", gap, profile.min_gap
