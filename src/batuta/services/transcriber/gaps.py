"""Speech without text: where somebody speaks, by the voice activity model, and no word was written down."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from batuta.services.transcriber.chunks import Span
from batuta.services.transcriber.heard import Heard, HeardWord, bare

LONGEST_UNHEARD_SECONDS: Final = 1.5
_NEAR_SECONDS: Final = 0.4
"""Whisper's word times are this uncertain: nearer to a neighbour, the same word is the same one."""
_NEIGHBOURS: Final = 4
"""Words that the sound around a stretch can hold."""


def unheard(speech: Iterable[Span], heard: Iterable[Heard], *, whole_only: bool = False) -> list[Span]:
    """Stretches of speech of more than 1.5 s in which no word lies, in order.

    `whole_only` counts just those that reach from pause to pause: in a translation words move about.
    """
    taken = sorted(_spans(heard))
    found: list[Span] = []
    for span in speech:
        rest = [span]
        for start, end in taken:
            rest = [piece for whole in rest for piece in _without(whole, start, end)]
        if not whole_only or rest == [span]:
            found += [piece for piece in rest if piece.end - piece.start > LONGEST_UNHEARD_SECONDS]
    return found


def filled(heard: Sequence[Heard], stretch: Span, found: Iterable[Heard]) -> list[Heard]:
    """What was heard, with what was found in the stretch in its place; no neighbour's word is said twice.

    A segment that reaches over the stretch is parted there, so that times keep their order.
    """
    middle = (stretch.start + stretch.end) / 2
    before, after = _until(heard, middle), _since(heard, middle)
    fresh = _fresh([word for segment in found for word in segment.words], stretch, before, after)
    new = [
        segment.with_words(words)
        for segment in found
        if (words := [word for word in segment.words if word in fresh])
    ]
    return [*before, *new, *after] if new else list(heard)


def _spans(heard: Iterable[Heard]) -> Iterable[tuple[float, float]]:
    for segment in heard:
        yield from ((word.start, word.end) for word in segment.words)
        if not segment.words:
            yield segment.start, segment.end


def _without(span: Span, start: float, end: float) -> list[Span]:
    if end <= span.start or start >= span.end:
        return [span]
    left = [Span(span.start, start)] if start > span.start else []
    return left + ([Span(end, span.end)] if end < span.end else [])


def _until(heard: Sequence[Heard], seconds: float) -> list[Heard]:
    parts = (segment.with_words(words) for segment in heard if (words := _earlier(segment, seconds)))
    return _ordered([*parts, *(s for s in heard if not s.words and s.start < seconds)])


def _since(heard: Sequence[Heard], seconds: float) -> list[Heard]:
    parts = (
        segment.with_words(words)
        for segment in heard
        if (words := segment.words[len(_earlier(segment, seconds)) :])
    )
    return _ordered([*parts, *(s for s in heard if not s.words and s.start >= seconds)])


def _ordered(segments: list[Heard]) -> list[Heard]:
    return sorted(segments, key=lambda segment: segment.start)


def _earlier(segment: Heard, seconds: float) -> tuple[HeardWord, ...]:
    return tuple(word for word in segment.words if word.start < seconds)


def _fresh(
    words: Sequence[HeardWord], stretch: Span, before: Sequence[Heard], after: Sequence[Heard]
) -> Sequence[HeardWord]:
    """Those in the stretch, without those at its edges that say the neighbours again."""
    inside = [word for word in words if stretch.start <= (word.start + word.end) / 2 <= stretch.end]
    last = _letters([word for segment in before for word in segment.words][-_NEIGHBOURS:])
    first = _letters([word for segment in after for word in segment.words][:_NEIGHBOURS])
    near = sum(word.start < stretch.start + _NEAR_SECONDS for word in inside)
    inside = inside[_overlap(last, _letters(inside[:near])) :]
    near = sum(word.end > stretch.end - _NEAR_SECONDS for word in inside)
    return inside[: len(inside) - _overlap(_letters(inside[len(inside) - near :]), first)]


def _letters(words: Iterable[HeardWord]) -> list[str]:
    return [bare(word.word) for word in words]


def _overlap(first: list[str], second: list[str]) -> int:
    """How many words `first` ends with that `second` begins with."""
    most = min(len(first), len(second))
    return next((count for count in range(most, 0, -1) if first[-count:] == second[:count]), 0)
