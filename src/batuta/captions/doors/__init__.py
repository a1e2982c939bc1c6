"""Compatibility doors: captions under the names other people's clients already call.

`openai` is OpenAI's audio API, `bazarr` the contract of whisper-asr-webservice. A door translates words; the
work is `Captions`' own, so a request that equals one under way, or done lately, meets the same job.
"""

from __future__ import annotations

from batuta.captions.doors.bazarr import bazarr_router
from batuta.captions.doors.openai import openai_error, openai_router

__all__ = ["bazarr_router", "openai_error", "openai_router"]
