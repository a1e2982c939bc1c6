"""The flow of a dub, top to bottom: a video in, the same video speaking another language out."""

from __future__ import annotations

from batuta.dubbing.checks import check_speech
from batuta.dubbing.models import PATIENCE, DubRequest, DubResult, stages_of
from batuta.dubbing.orders import Fetch, Mix, Publish, Speak, Update
from batuta.jobs import Run, pipeline
from batuta.services.audio_worker.orders import AudioTask


@pipeline("dubbing", request=DubRequest, stages=stages_of, patience=PATIENCE)
async def dub(run: Run, request: DubRequest) -> DubResult:
    """Fetch → extract → separate → hear, translate, speak (at once) → mix → merge → upload → update."""
    source = (await run.stage("fetch", Fetch(dub_id=request.dub_id, object_key=request.source_key))).file
    sound = await run.stage("extraction", AudioTask(task="extract", video=source))
    check_speech(sound)
    bed = None
    if request.keep_background:
        bed = await run.stage("separation", AudioTask(task="separate", video=source))
    spoken = await run.stage("synthesis", Speak.of(run, request, sound))
    mixed = await run.stage(
        "mix",
        Mix(
            job=run.job_id,
            script=spoken.script,
            bed=bed and bed.file,
            voice_loudness=bed and bed.voice_loudness,
            profile=request.loudness,
        ),
    )
    merged = await run.stage(
        "merge",
        AudioTask(
            task="merge",
            video=source,
            audio=mixed.file,
            source_language=spoken.source_language,
            target_language=request.target_language,
            subtitles_source=spoken.subtitles_source if request.with_subtitles else None,
            subtitles_target=spoken.subtitles_target if request.with_subtitles else None,
        ),
    )
    warnings = (*sound.warnings, *spoken.warnings, *mixed.warnings, *merged.warnings)
    published = await run.stage("upload", Publish.of(request, spoken.script, mixed, merged.file, warnings))
    await run.stage("update", Update.of(request, published.output_key))
    return DubResult(
        output_key=published.output_key,
        video=merged.file,
        script=spoken.script,
        report=published.report,
        subtitles_source=spoken.subtitles_source,
        subtitles_target=spoken.subtitles_target,
        source_language=spoken.source_language,
        target_language=request.target_language,
        duration=sound.duration or 0.0,
        warnings=warnings,
    )
