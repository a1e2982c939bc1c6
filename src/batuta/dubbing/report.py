"""`dubbing_report.json`: what was said, what is said now, and how well it fits. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from batuta.dubbing.models import DubbingReport, ReportedSegment, Script, Segment, Totals
from batuta.media.fitting import ON_PLAN, Placement, warnings_of


def report_of(
    script: Script,
    placements: Sequence[Placement],
    actual_starts: Sequence[float | None],
    *,
    loudness: float | None,
    true_peak: float | None,
    warnings: Sequence[str] = (),
) -> DubbingReport:
    """The report; `actual_starts` are of the segments that have a clip, as the mixer measured them."""
    with_clip = [segment.index for segment in script.segments if segment.clip is not None]
    measured = {index: start for index, start in zip_longest(with_clip, actual_starts) if index is not None}
    segments = tuple(
        _reported(segment, placement, measured.get(segment.index))
        for segment, placement in zip(script.segments, placements, strict=True)
    )
    overflow = sum(placement.overflow for placement in placements)
    totals = Totals(
        segments=len(segments),
        spoken=sum(segment.state == "spoken" for segment in script.segments),
        fallbacks=sum(segment.state == "failed" for segment in script.segments),
        untranslated=sum(not segment.translated for segment in script.segments),
        max_tempo=max((segment.tempo for segment in segments), default=1.0),
        on_plan=_share_on_plan(segments),
        overflow_seconds=round(overflow, 3),
        duration=script.duration,
        loudness=None if loudness is None else round(loudness, 1),
        true_peak=None if true_peak is None else round(true_peak, 1),
    )
    return DubbingReport(
        source_language=script.source_language,
        target_language=script.target_language,
        segments=segments,
        totals=totals,
        engines=script.engines,
        warnings=tuple(dict.fromkeys((*script.warnings, *warnings))),
    )


def _reported(segment: Segment, placement: Placement, actual: float | None) -> ReportedSegment:
    return ReportedSegment(
        index=segment.index,
        start=segment.start,
        end=segment.end,
        source_text=segment.source_text,
        text=segment.text,
        clip_seconds=segment.clip_seconds,
        tempo=round(placement.tempo, 4),
        planned_start=round(placement.planned, 3),
        actual_start=None if actual is None else round(actual, 3),
        engine=segment.engine,
        warnings=(*segment.warnings, *warnings_of(placement)),
    )


def _share_on_plan(segments: Sequence[ReportedSegment]) -> float:
    """How many of those that begin at all begin within `ON_PLAN` of the plan."""
    late = [
        abs(segment.actual_start - segment.planned_start)
        for segment in segments
        if segment.actual_start is not None
    ]
    return round(sum(seconds <= ON_PLAN for seconds in late) / len(late), 4) if late else 1.0
