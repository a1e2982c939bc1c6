"""What photos and recordings say: what is heard is part of the message, what is seen fills its gaps."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from typing import Final, TypeVar

from pydantic import BaseModel, Field

from batuta.clients import JSON, ServiceClient
from batuta.errors import BatutaError, InvalidRequest, MediaError, NotFound
from batuta.services.products import RequirementSpec
from batuta.shopping.models import Medium, Notice, Reading
from batuta.shopping.services import answered, as_its_failure

SURE: Final = 0.3
"""What is seen with less confidence is not mentioned."""
MOST_TEXT: Final = 60
"""Characters of writing in a photo: a name and a model, not a page."""
IMAGE_SECONDS: Final = 20.0
AUDIO_SECONDS: Final = 45.0
AT_FAULT: Final = (InvalidRequest, MediaError, NotFound)
"""What the service says of a photo or a recording that whoever sent it can do better."""

M = TypeVar("M", bound=BaseModel)


class _Seen(BaseModel):
    name: str = ""
    text: str = ""
    confidence: float = Field(default=0.0, allow_inf_nan=True)
    """Of a colour: how likely it is the thing's own. Most of a photo is what the thing lies on."""


class _Image(BaseModel):
    labels: list[_Seen] = Field(default_factory=list[_Seen])
    text: list[_Seen] = Field(default_factory=list[_Seen])
    colours: list[_Seen] = Field(default_factory=list[_Seen])


class _Heard(BaseModel):
    text: str


class Media:
    """The media service."""

    def __init__(self, client: ServiceClient) -> None:
        self.client = client

    async def read(self, media: Sequence[Medium], said: str) -> Reading:
        """All of it, side by side; what cannot be read is told in a notice while there is anything to go by.

        Raises the first error where nothing else was said and it is the media that are at fault.
        """
        results = await asyncio.gather(*(self._read_one(each) for each in media), return_exceptions=True)
        heard: list[str] = []
        seen: list[str] = []
        notices: list[Notice] = []
        errors: list[BatutaError] = []
        for medium, result in zip(media, results, strict=True):
            if isinstance(result, Reading):
                heard += [result.text] if result.text else []
                seen += result.words
            elif isinstance(result, BatutaError):
                errors.append(result)
                kind = "photo" if medium.type == "image" else "recording"
                notices.append(Notice(code="degraded", message=f"the {kind} was not read: {result.message}"))
            else:
                raise result
        if errors and not said.strip() and not heard and not seen and isinstance(errors[0], AT_FAULT):
            raise errors[0]
        return Reading(text=". ".join(heard), words=tuple(dict.fromkeys(seen)), notices=tuple(notices))

    async def _read_one(self, medium: Medium) -> Reading:
        if medium.type == "audio":
            heard = await self._asked(_Heard, "/transcribe", "audio", medium, AUDIO_SECONDS)
            return Reading(text=heard.text.strip())
        image = await self._asked(_Image, "/extract-image-attributes", "image", medium, IMAGE_SECONDS)
        words = [label.name for label in _surest(image.labels)[:1]]
        words += [colour.name for colour in _surest(image.colours)[:1]]
        writing = " ".join(line.text for line in image.text if line.confidence >= SURE)
        return Reading(words=(*words, *((writing[:MOST_TEXT],) if writing.strip() else ())))

    async def _asked(self, kind: type[M], path: str, name: str, medium: Medium, seconds: float) -> M:
        body: dict[str, JSON] = {"upload_id": medium.upload_id} if medium.upload_id else {name: medium.data}
        if medium.filename and name == "audio":
            body["filename"] = medium.filename
        with as_its_failure(self.client, passed_on=AT_FAULT):
            response = await self.client.request("POST", path, json=body, timeout=seconds)
        return answered(self.client, path, response.content, kind)


def with_seen(said: RequirementSpec, seen: RequirementSpec) -> RequirementSpec:
    """What was said, its gaps filled with what a photo shows, as preferences.

    A photo says what somebody has in mind, not what he insists on.
    """
    soft = list(said.soft)
    changes: dict[str, object] = {}
    if said.product_type is None and seen.product_type is not None:
        changes["product_type"] = seen.product_type
    if not said.brand_preferences and seen.brand_preferences:
        changes["brand_preferences"] = seen.brand_preferences
        soft.append("brand")
    new = {
        name: values
        for name, values in seen.attributes.items()
        if name not in said.attributes and name not in said.filters.exclude_attributes
    }
    if new:
        changes["attributes"] = {**said.attributes, **new}
        soft += new
    if said.is_empty and not changes and seen.keywords:
        changes["keywords"] = seen.keywords
    return said.model_copy(update={**changes, "soft": tuple(dict.fromkeys(soft))})


def _surest(seen: Sequence[_Seen]) -> list[_Seen]:
    found = [
        each for each in seen if each.name and math.isfinite(each.confidence) and each.confidence >= SURE
    ]
    return sorted(found, key=lambda each: -each.confidence)
