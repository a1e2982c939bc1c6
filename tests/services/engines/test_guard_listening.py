"""Listening twice: to what is doubtful, to what repeats itself, to speech that got no text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest
from overheard import paced, segment, texts

from batuta.services.transcriber.chunks import Chunk, Span
from batuta.services.transcriber.heard import Heard
from batuta.services.transcriber.listening import Listener, quietest
from batuta.services.transcriber.vad import SAMPLE_RATE, Samples

SECONDS = 12.0


@dataclass
class Told:
    """Ears that were told what to hear, by how they are asked; they write down what they are asked."""

    plain: Callable[[float], list[Heard]] | list[Heard]
    careful: list[Heard] = field(default_factory=list)
    asked: list[tuple[str, float]] = field(default_factory=list)

    def recognise(self, sound: Samples, language: str, *, translate: bool, careful: bool) -> list[Heard]:
        seconds = len(sound) / SAMPLE_RATE
        self.asked.append(("careful" if careful else "plain", round(seconds, 1)))
        if careful:
            return self.careful
        return self.plain if isinstance(self.plain, list) else self.plain(seconds)


def a_chunk(*speech: tuple[float, float], sound_start: float = 0.0) -> Chunk:
    """Twelve seconds of sound, quietest at 5 s; the speech is on the time line."""
    sound = np.ones(int(SECONDS * SAMPLE_RATE), np.float32)
    sound[5 * SAMPLE_RATE : 5 * SAMPLE_RATE + SAMPLE_RATE // 5] = 0
    return Chunk(
        Span(sound_start, sound_start + SECONDS),
        tuple(Span(*span) for span in speech),
        sound_start,
        sound,
    )


def listen(ears: Told, chunk: Chunk, *, translate: bool = False) -> tuple[list[str], int]:
    listened = Listener(ears, "en", translate=translate).listen(chunk)
    return texts(listened.segments), listened.stretches_heard_again


SURE = [segment("all that was said", seconds=11.5)]
GUESS = [segment("all that was sad", seconds=11.5, avg_logprob=-1.6)]
UNSURE = [segment("all the wars sad", seconds=11.5, avg_logprob=-1.1)]
WHOLE = a_chunk((0, 11.5))


@pytest.mark.parametrize(
    ("plain", "careful", "kept", "asked"),
    [
        (SURE, [], "all that was said", ["plain"]),
        (GUESS, SURE, "all that was said", ["plain", "careful"]),
        (UNSURE, GUESS, "all the wars sad", ["plain", "careful"]),
    ],
)
def test_a_guess_is_heard_once_more_and_the_better_one_kept(
    plain: list[Heard], careful: list[Heard], kept: str, asked: list[str]
) -> None:
    """Without chance, so that the same sound has one text; what is sure costs nothing more."""
    ears = Told(plain, careful)
    assert listen(ears, WHOLE) == ([kept], 0)
    assert [how for how, _ in ears.asked] == asked


def looping(times: int, seconds: float) -> list[Heard]:
    return [segment("x", compression_ratio=9.0).with_words(paced("over and " * times, seconds))]


def test_a_loop_is_heard_again_in_halves_parted_where_it_is_quiet() -> None:
    """Less sound at once: the halves do not loop and are kept, on the time line of the whole."""

    def plain(seconds: float) -> list[Heard]:
        if seconds > 11:
            return looping(100, 0.02)
        return [segment("first half", seconds=5)] if seconds < 6 else [segment("second half", seconds=6)]

    ears = Told(plain, careful=GUESS)
    listened = Listener(ears, "en", translate=False).listen(WHOLE)
    assert texts(listened.segments) == ["first half", "second half"]
    assert listened.segments[1].start == pytest.approx(5.05, abs=0.1)
    assert ears.asked == [("plain", 12.0), ("plain", 5.0), ("plain", 7.0)]


def test_a_refrain_that_both_halves_repeat_is_believed() -> None:
    """It compresses like a loop, but it takes its time, and a second hearing agrees."""

    def plain(seconds: float) -> list[Heard]:
        return [segment("la " * round(seconds * 2), seconds=seconds, compression_ratio=6.0)]

    ears = Told(plain)
    assert listen(ears, WHOLE) == ([("la " * 24).strip()], 0)
    assert "careful" not in [how for how, _ in ears.asked]


def test_a_refrain_that_only_one_hearing_repeats_is_not_believed() -> None:
    """Where everything repeats itself, and differently, one occurrence is left."""

    def plain(seconds: float) -> list[Heard]:
        text = "la " * 24 if seconds > 11 else "oh " * round(seconds * 2)
        return [segment(text, seconds=seconds, compression_ratio=6.0)]

    kept, _ = listen(Told(plain, careful=looping(100, 0.02)), WHOLE)
    assert len(" ".join(kept).split()) == 1


def test_a_loop_that_is_heard_each_time_is_cut() -> None:
    """To its first occurrence; and half a second of it is not worth a stretch of its own."""
    loop = [segment("x", compression_ratio=9.0).with_words(paced("over and " * 60, 0.03))]
    kept, _ = listen(Told(loop, careful=loop), a_chunk((0, 1.4)))
    assert kept == ["over and"]


def test_speech_without_text_is_heard_again_alone_and_once() -> None:
    """With half a second around it; its words stand where they were said, none of a neighbour twice."""

    def plain(seconds: float) -> list[Heard]:
        if seconds > 11:
            return [segment("it began", seconds=3), segment("and ended", start=9, seconds=2)]
        return [segment("began in the middle and", start=0.2, seconds=6.5)]

    ears = Told(plain)
    listened = Listener(ears, "en", translate=False).listen(a_chunk((60, 71), sound_start=60))
    assert texts(listened.segments) == ["it began", "in the middle", "and ended"]
    assert ears.asked == [("plain", 12.0), ("plain", 7.0)]
    assert listened.stretches_heard_again == 1
    starts = [word.start for part in listened.segments for word in part.words]
    assert starts == sorted(starts)
    assert 3.0 < listened.segments[1].start < listened.segments[1].end < 9.0


def test_a_stretch_that_stays_without_text_is_not_asked_a_third_time() -> None:
    """It may be a song; it is counted, and that is all."""
    ears = Told(lambda seconds: SURE[:0] if seconds < 11 else [segment("it began", seconds=3)])
    assert listen(ears, a_chunk((0, 3), (6, 9))) == (["it began"], 1)
    assert len(ears.asked) == 2


@pytest.mark.parametrize(
    "found",
    [
        segment("in the middle", start=1.0, seconds=3, avg_logprob=-1.2),
        segment("in the middle", start=1.0, seconds=3, no_speech_prob=0.8),
        segment("Thank you for watching.", start=1.0, seconds=3),
        segment("[Music]", start=1.0, seconds=3),
    ],
)
def test_what_is_found_at_second_hearing_must_be_sure(found: Heard) -> None:
    """There is a reason why nothing was heard the first time."""
    ears = Told(lambda seconds: [found] if seconds < 11 else [segment("it began", seconds=3)])
    assert listen(ears, a_chunk((0, 3), (6, 9)))[0] == ["it began"]


def test_a_chunk_without_any_text_is_heard_in_halves() -> None:
    """The same sound would give the same nothing."""
    ears = Told(lambda seconds: [] if seconds > 11 else [segment("so it was said", start=0.2, seconds=4.5)])
    kept, again = listen(ears, a_chunk((0, 12)))
    assert (kept, again) == (["so it was said", "so it was said"], 1)
    assert ears.asked == [("plain", 12.0), ("plain", 5.0), ("plain", 7.0)]


def test_a_translation_is_not_patched_inside_a_sentence() -> None:
    """Words of a translation stand elsewhere than those of the original."""
    said = [segment("it began", seconds=3), segment("and ended", start=9, seconds=2)]
    ears = Told(said)
    assert listen(ears, a_chunk((0, 11)), translate=True)[1] == 0
    assert listen(ears, a_chunk((0, 3), (5, 7), (9, 11)), translate=True)[1] == 1


def test_a_sound_is_parted_in_its_middle_third() -> None:
    """Where it is quietest; in the first of equals."""
    sound = np.ones(9 * SAMPLE_RATE, np.float32)
    sound[:SAMPLE_RATE] = 0
    assert quietest(sound) / SAMPLE_RATE == pytest.approx(3.05)
    sound[5 * SAMPLE_RATE : 5 * SAMPLE_RATE + SAMPLE_RATE // 5] = 0.5
    assert quietest(sound) / SAMPLE_RATE == pytest.approx(5.1, abs=0.06)
