"""mix: voices over a background, ducked under them, at the loudness of a profile.

    background   what is under the voices, and how loud; onto disk where that has to be measured first
    place        every clip at its time, in one pass
    master       one gain and a limiter

Nothing is held whole: memory depends neither on the length nor on the number of clips.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from batuta.media.audio import AudioReader, Block
from batuta.media.video import look
from batuta.services.audio_worker import ducking
from batuta.services.audio_worker.ahead import ahead
from batuta.services.audio_worker.contract import ENGINE_VERSION, MixResult, MixTask, PlanClip
from batuta.services.audio_worker.ducking import Ducking
from batuta.services.audio_worker.files import half_written, scratch
from batuta.services.audio_worker.loudness import LoudnessMeter, Span
from batuta.services.audio_worker.mastering import MARGIN_DB, TOLERANCE_LU, Master, Mastered
from batuta.services.audio_worker.placing import Placing, exactly
from batuta.services.audio_worker.profiles import LoudnessProfile, profile_named
from batuta.services.audio_worker.voices import SAMPLE_RATE, Clip, clip_at, spoken
from batuta.services.normalizer.passes import Progress
from batuta.services.normalizer.spool import Spool

CHANNELS: Final = 2
VOICE_LUFS: Final = -18.0
"""How loud the voices are where nothing is under them; the whole gets its own loudness afterwards."""
SOFTEST_VOICE, LOUDEST_VOICE = -40.0, -8.0
OVER_BED_LU: Final = 15.0
"""How far voices stand above a bed of which nobody knows how loud the original ones were, before ducking."""
_TOLD: Final = 20
"""Clips that a warning names."""


@dataclass(frozen=True, slots=True)
class _Background:
    """What is under the voices, exactly as long as the mix, and how loud (LUFS) they are to be over it."""

    blocks: Iterable[Block]
    depth_db: float
    voice_loudness: float
    warnings: list[str]


def mix(task: MixTask, progress: Progress) -> MixResult:
    """Do the task; raises `InvalidRequest`, `MediaError`."""
    duration = task["duration"]
    if duration is None:
        duration = look(Path(task["video"] or ""), task["name"]).duration
    samples = round(duration * SAMPLE_RATE)
    clips = _clips(Path(task["plan"]))
    spans = _spans(clips, samples)
    profile = profile_named(task["profile"])
    master = Master(profile, spans if profile.of_dialogue and spans else None)
    output = Path(task["output"])
    with ExitStack() as stack:
        mixed = Spool(stack.enter_context(scratch(output, "mix")), SAMPLE_RATE, CHANNELS)
        background = _background(task, samples, progress, stack)
        placing = Placing(clips, lambda clip: spoken(clip, background.voice_loudness, samples), samples)
        turned = Ducking(_seconds(spans), background.depth_db, SAMPLE_RATE)
        meter = master.meter(mixed)
        mixed.write(_heard(ahead(placing.over(background.blocks, turned)), meter))
        part = stack.enter_context(half_written(output))
        mastered = master.write(mixed, meter.finish(), part, progress.rest())
    return MixResult(
        output=str(output),
        duration=mastered.samples / SAMPLE_RATE,
        warnings=[*background.warnings, *_warnings(placing, clips, samples, profile, mastered)],
        engine=ENGINE_VERSION,
        samples=mastered.samples,
        actual_starts=[_rounded(start) for start in placing.actual_starts],
        clip_seconds=[round(seconds, 6) for seconds in placing.clip_seconds],
        loudness_out=mastered.loudness,
        true_peak_out=mastered.true_peak,
        gain_db=round(mastered.gain, 2),
    )


def _clips(plan: Path) -> list[Clip]:
    planned = cast("list[PlanClip]", json.loads(plan.read_text()))
    return [
        clip_at(number, Path(clip["file"]), clip["start"], clip["tempo"])
        for number, clip in enumerate(planned)
    ]


def _spans(clips: Iterable[Clip], samples: int) -> list[Span]:
    """Where somebody speaks, in order and apart, in samples."""
    found: list[Span] = []
    for clip in sorted(clips, key=lambda clip: clip.start):
        start, end = clip.start, min(clip.start + round(clip.planned_seconds * SAMPLE_RATE), samples)
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        elif start < end:
            found.append((start, end))
    return found


def _seconds(spans: Iterable[Span]) -> Iterator[tuple[float, float]]:
    return ((start / SAMPLE_RATE, end / SAMPLE_RATE) for start, end in spans)


def _background(task: MixTask, samples: int, progress: Progress, stack: ExitStack) -> _Background:
    """What is under the voices, measured first where nobody has told how loud they are to be."""
    if task["background"] is None:
        silence = exactly((), samples, CHANNELS)
        return _Background(silence, 0.0, task["voice_loudness"] or VOICE_LUFS, [])
    clean = task["background_is_clean"]
    name = "the bed" if clean else task["name"]
    reader = AudioReader(Path(task["background"]), name=name, sample_rate=SAMPLE_RATE, channels=CHANNELS)
    depth = ducking.CLEAN_DB if clean else ducking.SPOKEN_DB
    if task["voice_loudness"] is not None:
        blocks = exactly(ahead(progress.over(reader, until=50)), samples, CHANNELS)
        return _Background(blocks, depth, _bounded(task["voice_loudness"]), reader.warnings)
    meter = LoudnessMeter(SAMPLE_RATE, CHANNELS)
    path = stack.enter_context(scratch(Path(task["output"]), "background"))
    spool = Spool(path, SAMPLE_RATE, CHANNELS)
    spool.write(_heard(progress.over(reader, until=30), meter))
    found = meter.finish()
    voice = VOICE_LUFS if found is None else max(found + OVER_BED_LU, VOICE_LUFS) if clean else found
    blocks = exactly((block.copy() for block in progress.over(spool, until=50)), samples, CHANNELS)
    return _Background(blocks, depth, _bounded(voice), reader.warnings)


def _bounded(loudness: float) -> float:
    return min(max(loudness, SOFTEST_VOICE), LOUDEST_VOICE)


def _heard(blocks: Iterable[Block], meter: LoudnessMeter) -> Iterator[Block]:
    for block in blocks:
        meter.hear(block)
        yield block


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 6)


def _warnings(
    placing: Placing, clips: list[Clip], samples: int, profile: LoudnessProfile, mastered: Mastered
) -> Iterator[str]:
    late = [f"clip_{clip.number}" for clip in clips if placing.actual_starts[clip.number] is None]
    if late:
        named = ", ".join(late[:_TOLD])
        yield f"{len(late)} clips would begin after the end at {samples / SAMPLE_RATE:.2f} s: {named}."
    if mastered.loudness is not None and abs(mastered.loudness - profile.loudness) > TOLERANCE_LU:
        yield (
            f"The mix is at {mastered.loudness:.1f} LUFS, not at the {profile.loudness:.0f} of the profile"
            f" {profile.name}: its peaks leave no room."
        )
    if mastered.true_peak is not None and mastered.true_peak > profile.true_peak - MARGIN_DB + 0.01:
        yield f"The true peak is {mastered.true_peak:.2f} dB; the profile asks for {profile.true_peak:.1f}."
