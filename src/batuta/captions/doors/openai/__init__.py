"""OpenAI's audio API, as its official SDK calls it (API reference: Audio; types of openai-python 3.51)."""

from __future__ import annotations

from batuta.captions.doors.openai.errors import OpenAIRoute, openai_error
from batuta.captions.doors.openai.routes import openai_router

__all__ = ["OpenAIRoute", "openai_error", "openai_router"]
