"""What was said and when: the shape in which every engine's transcription reaches the rest of the house."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

from batuta.media.scripts import join


class WordDict(TypedDict):
    """The JSON form of a `Word`."""

    text: str
    start: float
    end: float
    probability: float


class SegmentDict(TypedDict):
    """The JSON form of a `Segment`."""

    start: float
    end: float
    text: str
    words: list[WordDict]


class TranscriptionDict(TypedDict):
    """The JSON form of a `Transcription`."""

    language: str
    language_probability: float
    duration: float
    engine: str
    segments: list[SegmentDict]


@dataclass(frozen=True, slots=True)
class Word:
    """One spoken word with its punctuation, without blanks around it; times are seconds into the media.

    Words stand in a line as `scripts.join` says: one blank between them, none in languages written without.
    """

    text: str
    start: float
    end: float
    probability: float = 1.0

    def to_dict(self) -> WordDict:
        """JSON form; `from_dict` turns it back."""
        return {"text": self.text, "start": self.start, "end": self.end, "probability": self.probability}

    @classmethod
    def from_dict(cls, data: WordDict) -> Word:
        """The word a `to_dict()` came from."""
        return cls(data["text"], data["start"], data["end"], data["probability"])


@dataclass(frozen=True, slots=True)
class Segment:
    """What an engine heard in one breath; `words` is empty when the engine times segments only."""

    start: float
    end: float
    text: str
    words: tuple[Word, ...] = ()

    def to_dict(self) -> SegmentDict:
        """JSON form; `from_dict` turns it back."""
        return {
            "start": self.start,
            "end": self.end,
            "text": self.text,
            "words": [word.to_dict() for word in self.words],
        }

    @classmethod
    def from_dict(cls, data: SegmentDict) -> Segment:
        """The segment a `to_dict()` came from."""
        words = tuple(Word.from_dict(word) for word in data["words"])
        return cls(data["start"], data["end"], data["text"], words)


@dataclass(frozen=True, slots=True)
class Transcription:
    """Everything heard in one media file: no segments at all is a valid answer, the file was silent."""

    language: str
    language_probability: float
    duration: float
    segments: tuple[Segment, ...]
    engine: str = ""

    @property
    def text(self) -> str:
        """The whole text in one line."""
        return join((segment.text.strip() for segment in self.segments), self.language)

    def to_dict(self) -> TranscriptionDict:
        """JSON form, plain types only; `from_dict` turns it back without loss."""
        return {
            "language": self.language,
            "language_probability": self.language_probability,
            "duration": self.duration,
            "engine": self.engine,
            "segments": [segment.to_dict() for segment in self.segments],
        }

    @classmethod
    def from_dict(cls, data: TranscriptionDict) -> Transcription:
        """The transcription a `to_dict()` came from."""
        return cls(
            language=data["language"],
            language_probability=data["language_probability"],
            duration=data["duration"],
            segments=tuple(Segment.from_dict(segment) for segment in data["segments"]),
            engine=data["engine"],
        )
