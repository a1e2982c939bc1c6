"""What the service answers."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

Sureness = Annotated[float, Field(ge=0, le=1)]
"""0 to 1; how it is come by is said where it is used."""


class Label(BaseModel):
    """A kind of thing the picture may show: one of ImageNet's thousand."""

    name: str
    confidence: Sureness
    """What the network gives it; those of all thousand add up to 1."""


class TextLine(BaseModel):
    """A line of text in the picture."""

    text: str
    confidence: Sureness
    """The mean over its characters."""


class Colour(BaseModel):
    """A colour that much of the picture has, by an English name."""

    name: str
    hex: str = Field(pattern="^#[0-9a-f]{6}$")
    """The mean of what goes by this name, in sRGB."""
    share: Sureness
    """Of the picture's area."""
    confidence: Sureness
    """Its share with the background left out of account, times how clearly the name is the nearest."""


class ImageAttributes(BaseModel):
    """What a picture says; a part that could not be had is empty, and `warnings` says why."""

    labels: list[Label]
    """The likeliest first."""
    text: list[TextLine]
    """From top to bottom, and from left to right."""
    colours: list[Colour]
    """The one that most probably is the thing's own first."""
    width: int
    """Pixels, the right way up."""
    height: int
    warnings: list[str]


class HeardSegment(BaseModel):
    """What is said in one breath; seconds from the beginning."""

    start: float
    end: float
    text: str


class Heard(BaseModel):
    """What is said in a recording."""

    text: str
    language: str | None
    """A code of Whisper's."""
    duration: float
    """Seconds."""
    segments: list[HeardSegment]
    confidence: Sureness | None
    """The mean over the words; None where the transcriber does not say."""


class Stored(BaseModel):
    """A file that was sent ahead."""

    upload_id: str
    media_type: str
    """What it is by its first bytes, whatever its sender claimed."""
    bytes: int


class Wellness(BaseModel):
    """That the service is alive, and what it can do."""

    status: str
    service: str
    version: str
    text: bool
    """Whether text is read in pictures."""
    labels: bool
    """Whether things are named; `batuta models pull efficientnet-lite0`."""
