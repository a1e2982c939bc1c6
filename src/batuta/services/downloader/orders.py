"""What the downloader is asked for and what it gives."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from batuta.jobs.orders import Order
from batuta.services.downloader.contract import Quality
from batuta.storage.artefacts import Artefact


class Media(BaseModel):
    """A media file and what is known about it; a foreign service may know less."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    file: Artefact
    filename: str | None = None
    title: str | None = None
    duration: float | None = Field(default=None, description="seconds")


class Download(Order[Media]):
    """Get the media behind a URL, or take in an uploaded file; either way it is proved to be media."""

    work: ClassVar[str] = "video-downloader"
    Result: ClassVar[type[BaseModel]] = Media
    lifetime: ClassVar[dt.timedelta | None] = dt.timedelta(hours=24)
    """What lies behind a URL may change (the seed's CACHE_TTL_HOURS)."""

    url: str | None = Field(default=None, max_length=4096)
    file: Artefact | None = None
    quality: Quality = "audio"
    url_allow: tuple[str, ...] = ()
    """Hosts or networks this order may connect to although they are not public; an embedded service obeys."""

    @model_validator(mode="after")
    def _one_source(self) -> Download:
        if (self.url is None) == (self.file is None):
            raise ValueError("give either a url or a file")
        return self
