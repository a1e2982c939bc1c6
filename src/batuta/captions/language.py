"""Finding out which language is spoken: a pipeline of one stage."""

from __future__ import annotations

from batuta.captions.models import LanguageRequest, LanguageResult
from batuta.jobs import Run, pipeline
from batuta.services.transcriber.orders import Transcribe


@pipeline("language", request=LanguageRequest, stages=lambda _: {"detection": 1})
async def detect_language(run: Run, request: LanguageRequest) -> LanguageResult:
    """Which language is spoken, from the beginning of the sound."""
    heard = await run.stage(
        "detection", Transcribe(file=request.upload, model=request.model, only_language=True)
    )
    sure = float(heard.language_detected is not None)  # a model that knows one language says no more
    return LanguageResult(
        language=heard.language_detected,
        probability=sure if heard.language_probability is None else heard.language_probability,
    )
