"""What is asked for, as the key under which every tier knows the answer.

    dQw4w9WgXcQ:*           any language
    dQw4w9WgXcQ:es,en       Spanish, else English
    dQw4w9WgXcQ:es,en:made  the same, made by us because YouTube had none

The languages are part of the key, in their order: what was found for `en` is no answer to `es`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

from batuta.transcripts.languages import preferences
from batuta.transcripts.models import Cause
from batuta.transcripts.verdicts import unavailable
from batuta.transcripts.video_ids import extract_video_id

ANY: Final = "*"
MADE: Final = ":made"
_SHOWN: Final = 80


@dataclass(frozen=True, slots=True)
class Question:
    """A video, and the languages it is wanted in, best first; None is any."""

    video_id: str
    wanted: tuple[str, ...] | None

    @classmethod
    def of(cls, video: str, languages: Iterable[str] | None = None) -> Self:
        """The question about a video id or an address that leads to one.

        Raises `InvalidVideoId` for neither, and `InvalidRequest` for a language that is none.
        """
        return cls(video_of(video), None if languages is None else preferences(languages))

    @property
    def key(self) -> str:
        """The key of YouTube's answer."""
        languages = ANY if self.wanted is None else ",".join(self.wanted).lower()
        return f"{self.video_id}:{languages}"

    @property
    def made_key(self) -> str:
        """The key of what we made ourselves."""
        return self.key + MADE

    @property
    def tags(self) -> tuple[str, ...]:
        """What invalidates the answer: its video."""
        return (self.video_id,)


def video_of(text: str) -> str:
    """The video's id, given that or any address of it; raises `InvalidVideoId`."""
    found = extract_video_id(text)
    if found is None:
        shown = repr(text)
        shown = shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "…"
        raise unavailable(Cause.INVALID_ID, shown)
    return found


def split_key(key: str) -> tuple[str, tuple[str, ...]]:
    """The video and the languages of YouTube's answer that has this key; no language for the others."""
    video_id, _, languages = key.partition(":")
    if languages == ANY or languages.endswith(MADE):
        return video_id, ()
    return video_id, tuple(languages.split(","))
