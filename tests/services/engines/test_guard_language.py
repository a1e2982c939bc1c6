"""Only the language: found out quickly, from the beginning, and not at all in silence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest

from batuta.services.transcriber.chunks import Chunk, Span
from batuta.services.transcriber.detection import beginning, detect
from batuta.services.transcriber.orders import Speech, Transcribe
from batuta.services.transcriber.vad import SAMPLE_RATE
from batuta.storage.artefacts import Artefact


@dataclass
class Linguist:
    """Thinks of each sound what it was told to."""

    thoughts: list[dict[str, float]] = field(default_factory=list)
    english_only: bool = False

    def language_probabilities(self, _sound: object) -> dict[str, float]:
        return self.thoughts.pop(0)


def chunks(*spoken: bool) -> Iterator[Chunk]:
    for number, talks in enumerate(spoken):
        stretch = Span(number * 30.0, number * 30.0 + 30)
        yield Chunk(stretch, (stretch,) if talks else (), stretch.start, np.zeros(4, np.float32))


@pytest.mark.parametrize(
    ("spoken", "thoughts", "language", "probability", "taken"),
    [
        ((True, True), [{"pt": 0.9, "es": 0.1}], "pt", 0.9, 1),
        ((False, False, True, True), [{"pt": 0.5, "es": 0.4}], "pt", 0.5, 3),
        ((True, True, True), [{"es": 0.4, "pt": 0.3}, {"pt": 0.9}], "pt", 0.6, 2),
        ((True,) * 5, [{"es": 0.4, "pt": 0.3}, {"es": 0.2, "pt": 0.4}, {"es": 0.1, "pt": 0.2}], "pt", 0.3, 3),
        ((True, False), [{"es": 0.4, "pt": 0.3}], "es", 0.4, 2),
        ((False, False), [], None, None, 2),
        ((), [], None, None, 0),
    ],
)
def test_at_most_three_chunks_with_speech_are_heard(
    spoken: tuple[bool, ...],
    thoughts: list[dict[str, float]],
    language: str | None,
    probability: float | None,
    taken: int,
) -> None:
    """As many as it takes to be sure; probabilities are averaged, and silence has no language."""
    found = detect(chunks(*spoken), Linguist(thoughts))
    assert (found.language, len(found.chunks)) == (language, taken)
    assert found.probability == (None if probability is None else pytest.approx(probability, abs=1e-3))


@pytest.mark.parametrize(("spoken", "language"), [((False, True), "en"), ((False,), None)])
def test_an_english_model_hears_english_where_somebody_speaks(
    spoken: tuple[bool, ...], language: str | None
) -> None:
    """It claims no probability, and is not asked."""
    found = detect(chunks(*spoken), Linguist(english_only=True))
    assert (found.language, found.probability) == (language, None)


def test_no_more_than_ninety_seconds_are_read() -> None:
    """Of a film of two hours."""
    read = 0

    def film() -> Iterator[np.ndarray]:
        nonlocal read
        for _ in range(2 * 3600):
            read += 1
            yield np.zeros(SAMPLE_RATE, np.float32)

    assert sum(map(len, beginning(film()))) == 90 * SAMPLE_RATE
    assert read == 90


def test_the_order_travels_and_the_answer_comes_back() -> None:
    """As a field of a form, which is text; and the details of the job are the result's."""
    file = Artefact(sha256="0" * 64, size=1, media_type="audio/flac")
    order = Transcribe.model_validate({"file": file.model_dump(), "only_language": "true"})
    assert order.only_language
    assert not Transcribe(file=file).only_language
    assert order.key("engine") != Transcribe(file=file).key("engine")
    details = {"file": file.model_dump(), "language_detected": "pt", "language_probability": 0.9}
    assert order.result(details) == Speech(file=file, language_detected="pt", language_probability=0.9)
