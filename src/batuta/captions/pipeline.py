"""The flow of captions, top to bottom: a video in, correct and readable subtitles out."""

from __future__ import annotations

from batuta.captions.document import Shape
from batuta.captions.existing import existing
from batuta.captions.models import CaptionRequest, CaptionResult, stages_of
from batuta.jobs import Run, pipeline
from batuta.services.downloader.orders import Download
from batuta.services.normalizer.orders import Normalize
from batuta.services.transcriber.orders import Transcribe
from batuta.services.translator.orders import Translate


@pipeline("captions", request=CaptionRequest, stages=stages_of)
async def caption(run: Run, request: CaptionRequest) -> CaptionResult:
    """Download → normalization → transcription → translation → subtitles; each a lookup, each done once."""
    if (found := await existing(run, request)) is not None:
        return found
    media = await run.stage(
        "download",
        Download(
            url=request.youtube_url,
            file=request.upload,
            again=request.again,
            url_allow=request.url_allow,
        ),
    )
    audio = await run.stage(
        "normalization",
        Normalize(
            file=media.file,
            remove_noise=request.remove_noise,
            convert_to_mono=request.convert_to_mono,
            apply_highpass_filter=request.apply_highpass_filter,
            set_sample_rate_16k=request.set_sample_rate_16k,
            isolate_vocals=request.isolate_vocals,
        ),
    )
    speech = await run.stage(
        "transcription",
        Transcribe(
            file=audio.file,
            language_in=request.language,
            language_out=request.language_out if request.to_english else None,
            model=request.model,
        ),
    )
    text, warnings = speech.file, audio.warnings
    if request.language_out is not None and request.to_another_language:
        order = Translate(file=text, language_in=request.language, language_out=request.language_out)
        translated = await run.stage("translation", order)
        text, warnings = translated.file, (*warnings, *translated.warnings)
    captions = await run.stage("subtitles", Shape(file=text, profile=request.subtitle_profile))
    return CaptionResult(
        captions=captions.file,
        audio=audio.file,
        audio_file=audio.filename,
        title=media.title or media.filename,
        language=captions.language,
        duration=captions.duration,
        hard_violations=captions.hard_violations,
        warnings=warnings,
    )
