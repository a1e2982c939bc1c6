"""Captions as YouTube sends them made readable: no marks of HTML, nothing said twice, no times that overlap.

Automatic captions roll: a line is shown, then shown again above the next one, and each caption stays on
screen while the next two are spoken. `clean` says each word once, when it is first shown, and ends a segment
where the next begins. Captions that people wrote keep their words, lines and times: two speakers may overlap.

A track is taken to roll when most of its captions that touch repeat the end of the one before. In one that
does not, a repeated line is a refrain, or somebody says it twice, and stays.
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, Self

from batuta.transcripts.models import Segment

_TAG: Final = re.compile(
    r"</?(?:b|i|u|s|em|strong|font|span|p|c|v|lang|ruby|rt|small|mark|sub|sup|del|ins)\b[^<>]*>"
    r"|</?c\.[^<>]*>"
    r"|<[0-9]{2}:[0-9]{2}[0-9:.]*>",
    re.IGNORECASE,
)
"""Marks of HTML and WebVTT, times inside a line among them; `a < b` and other signs stay."""
_BREAK: Final = re.compile(r"<br\s*/?>", re.IGNORECASE)
_INVISIBLE: Final = re.compile("[\u200b\u200e\u200f\u2060\ufeff\u00ad]")
"""YouTube fills empty lines with zero-width spaces. Joiners stay: several scripts need them."""
_NOTES: Final = re.compile(r"[♩♪♫♬][\s♩♪♫♬]*(?=[♩♪♫♬])")
"""All but the last of several music notes in a row."""
_TOKEN: Final = re.compile(
    "[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]"
    "|[^\\s\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]+"
)
"""A word between blanks, or one character of a script that has no blanks between its words."""
_TOUCH: Final = 0.2
"""Seconds: captions nearer than this show one running text."""
_ROLLS: Final = 0.5
"""The share of touching captions that repeat the one before in a track that rolls."""
_SURE: Final = 2
"""Words that both end one caption and begin the next are no chance; one word may be."""
_MOST: Final = 200
"""Words of a repetition that are looked for: no screen shows more."""
_GUESS: Final = 5.0
"""Seconds that a caption without a duration is taken to last at most."""


def clean(segments: Iterable[Segment], *, automatic: bool) -> tuple[Segment, ...]:
    """The segments in order of time with readable texts; those without any text are left out.

    A run of music notes becomes one note, and stays: it says that music plays. Of an automatic track each
    segment is one line, none overlaps another, and no two begin together.
    """
    spoken = [_Shown.of(segment) for segment in sorted(segments, key=lambda segment: segment.start)]
    lasting = _lasting([shown for shown in spoken if shown.lines])
    return tuple(shown.segment() for shown in (_apart(_once(lasting)) if automatic else lasting))


def clean_text(text: str) -> str:
    """The text without HTML's entities and tags, blank lines, and blanks around a line."""
    plain = _INVISIBLE.sub("", _TAG.sub("", _BREAK.sub("\n", html.unescape(text))))
    lines = (" ".join(line.split()) for line in plain.splitlines())
    return "\n".join(_NOTES.sub("", line) for line in lines if line)


@dataclass(frozen=True, slots=True)
class _Shown:
    """A caption on screen; times in whole milliseconds, which compare and subtract without error."""

    lines: tuple[str, ...]
    start: int
    end: int

    @classmethod
    def of(cls, segment: Segment) -> Self:
        start, duration = round(segment.start * 1000), round(segment.duration * 1000)
        return cls(tuple(clean_text(segment.text).splitlines()), start, start + duration)

    @property
    def text(self) -> str:
        return " ".join(self.lines)

    def segment(self) -> Segment:
        return Segment(
            text="\n".join(self.lines), start=self.start / 1000, duration=(self.end - self.start) / 1000
        )


def _lasting(shown: Sequence[_Shown]) -> list[_Shown]:
    """With an end for those that have none: the next one's start, if that is soon."""
    limit = round(_GUESS * 1000)
    starts = [*(each.start for each in shown), math.inf]
    return [
        each if each.end > each.start else replace(each, end=int(min(following, each.start + limit)))
        for each, following in zip(shown, starts[1:], strict=True)
    ]


def _once(shown: Sequence[_Shown]) -> list[_Shown]:
    """Without what the caption before already shows, if the track rolls."""
    repeats = [_repeated(before, after) for before, after in pairwise(shown)]
    told = [repeat for repeat in repeats if repeat is not None]
    if not told or sum(map(bool, told)) < _ROLLS * len(told):
        return list(shown)
    kept = [shown[0]]
    for caption, repeat in zip(shown[1:], repeats, strict=True):
        rest = _without(caption.text, repeat or 0)
        if rest:
            kept.append(replace(caption, lines=(rest,)))
        else:
            kept[-1] = replace(kept[-1], end=max(kept[-1].end, caption.end))
    return kept


def _repeated(before: _Shown, after: _Shown) -> int | None:
    """How many words at the start of a caption the one before it ends with; None when they do not touch.

    A single word counts if it is a whole line, or all there is.
    """
    if after.start > before.end + round(_TOUCH * 1000):
        return None
    old, new = _words(before.text), _words(after.text)
    lengths = [len(_words(line)) for line in before.lines]
    whole_lines = {sum(lengths[-count:]) for count in range(1, len(lengths) + 1)} | {len(new)}
    for count in range(min(len(old), len(new), _MOST), 0, -1):
        if old[-count:] == new[:count] and (count >= _SURE or count in whole_lines):
            return count
    return 0


def _words(text: str) -> list[str]:
    return _TOKEN.findall(text.casefold())


def _without(text: str, words: int) -> str:
    """The text after so many words."""
    found = list(_TOKEN.finditer(text))
    return text[found[words - 1].end() :].strip() if words else text


def _apart(shown: Sequence[_Shown]) -> list[_Shown]:
    """Each in one line and ended where the next begins; those that begin together become one."""
    apart: list[_Shown] = []
    for each in shown:
        last = apart[-1] if apart else None
        if last and last.start == each.start:
            apart[-1] = _Shown((f"{last.text} {each.text}",), last.start, max(last.end, each.end))
            continue
        if last:
            apart[-1] = replace(last, end=min(last.end, each.start))
        apart.append(replace(each, lines=(each.text,)))
    return apart
