"""What was said and when: the shape in which every engine's transcription reaches the rest of the house."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NotRequired, TypedDict

from batuta.media.scripts import join


class WordDict(TypedDict):
    """The JSON form of a `Word`."""

    text: str
    start: float
    end: float
    probability: float


class SegmentDict(TypedDict):
    """The JSON form of a `Segment`; measures nobody took are left out."""

    start: float
    end: float
    text: str
    words: list[WordDict]
    avg_logprob: NotRequired[float]
    no_speech_prob: NotRequired[float]
    compression_ratio: NotRequired[float]


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
    """What an engine heard in one breath; `words` is empty when the engine times segments only.

    The measures are Whisper's own (openai/whisper, `transcribe.py`), of the window the segment was heard in;
    `None` where an engine takes none.
    """

    start: float
    end: float
    text: str
    words: tuple[Word, ...] = ()
    avg_logprob: float | None = None
    """Mean log probability of the tokens: 0 is certain, below -1 a guess."""
    no_speech_prob: float | None = None
    """Probability that nobody speaks, 0 to 1."""
    compression_ratio: float | None = None
    """Of the text by zlib: above 2.4 it repeats itself."""

    def to_dict(self) -> SegmentDict:
        """JSON form; `from_dict` turns it back."""
        data: SegmentDict = {
            "start": self.start,
            "end": self.end,
            "text": self.text,
            "words": [word.to_dict() for word in self.words],
        }
        if self.avg_logprob is not None:
            data["avg_logprob"] = self.avg_logprob
        if self.no_speech_prob is not None:
            data["no_speech_prob"] = self.no_speech_prob
        if self.compression_ratio is not None:
            data["compression_ratio"] = self.compression_ratio
        return data

    @classmethod
    def from_dict(cls, data: SegmentDict) -> Segment:
        """The segment a `to_dict()` came from."""
        return cls(
            data["start"],
            data["end"],
            data["text"],
            tuple(Word.from_dict(word) for word in data["words"]),
            avg_logprob=data.get("avg_logprob"),
            no_speech_prob=data.get("no_speech_prob"),
            compression_ratio=data.get("compression_ratio"),
        )


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
