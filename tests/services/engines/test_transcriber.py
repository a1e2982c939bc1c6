"""The transcriber's engine around a recogniser that was told what to hear."""

from __future__ import annotations

import json
import threading
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from faster_whisper.tokenizer import _LANGUAGE_CODES
from studio import hiss, tone, write, write_picture_only

from batuta.errors import InvalidRequest, NoAudio, UnreadableMedia, WeightsMissing
from batuta.services.transcriber import engine
from batuta.services.transcriber.chunks import Chunk, Span
from batuta.services.transcriber.contract import TranscribeResult, Transcription
from batuta.services.transcriber.engine import transcribe
from batuta.services.transcriber.heard import heard
from batuta.services.transcriber.languages import LANGUAGES, spoken
from batuta.services.transcriber.placing import Placer
from batuta.services.transcriber.vad import SAMPLE_RATE
from batuta.services.transcriber.whisper import Recogniser


@dataclass
class Heard:
    """A word, or a segment with words, as Whisper gives it."""

    start: float
    end: float
    word: str = ""
    probability: float = 0.9
    words: list[Heard] = field(default_factory=list)
    avg_logprob: float = -0.2
    no_speech_prob: float = 0.01
    compression_ratio: float = 1.2

    @property
    def text(self) -> str:
        return "".join(word.word for word in self.words) or self.word


def said(*words: tuple[str, float, float]) -> Heard:
    heard = [Heard(start, end, f" {word}") for word, start, end in words]
    return Heard(heard[0].start, heard[-1].end, words=heard)


def a_chunk(
    start: float, end: float, *speech: tuple[float, float], sound_start: float | None = None
) -> Chunk:
    spans = tuple(Span(*span) for span in speech)
    return Chunk(
        Span(start, end), spans, start if sound_start is None else sound_start, np.zeros(0, np.float32)
    )


class TestPlacing:
    """Words on the time line."""

    def test_times_are_those_of_the_file(self) -> None:
        """A word one second into a chunk's sound that starts at 60 s is at 61 s, and has no spaces."""
        (segment,) = Placer().place([said(("Hello,", 1, 1.4))], a_chunk(60, 90, (60.5, 80)))
        assert segment["words"] == [{"word": "Hello,", "start": 61.0, "end": 61.4, "probability": 0.9}]
        assert (segment["id"], segment["start"], segment["end"]) == (0, 61.0, 61.4)

    def test_what_is_said_in_silence_is_not_believed(self) -> None:
        """Whisper thanks for watching where nobody speaks."""
        chunk = a_chunk(0, 30, (1, 5))
        heard = [said(("Real.", 2, 3)), said(("Thanks", 15, 16), ("for", 16, 17), ("watching!", 17, 18))]
        assert [segment["text"] for segment in Placer().place(heard, chunk)] == ["Real."]

    def test_a_word_does_not_begin_before_its_speech(self) -> None:
        """Whisper stretches the first word over the pause before it; a subtitle would come too early."""
        (segment,) = Placer().place([said(("Late", 0, 4.4))], a_chunk(0, 30, (4, 9)))
        assert segment["start"] == pytest.approx(3.9)
        assert segment["end"] == pytest.approx(4.4)

    def test_a_word_over_a_pause_belongs_to_the_speech_it_is_most_in(self) -> None:
        """The last word before a pause ends with its speech."""
        (segment,) = Placer().place([said(("despair,", 3, 9.2))], a_chunk(0, 30, (1, 5), (9, 12)))
        assert (segment["start"], segment["end"]) == (3.0, pytest.approx(5.1))

    def test_times_only_grow(self) -> None:
        """Across words without length, segments that overlap, and chunks."""
        placer = Placer()
        first = placer.place(
            [said(("a", 28, 29), ("b", 29, 29)), said(("c", 28.5, 31))], a_chunk(0, 30, (0, 30))
        )
        second = placer.place([said(("d", 0, 0.5))], a_chunk(30, 60, (30, 40)))
        times = [
            time
            for segment in first + second
            for word in segment["words"]
            for time in (word["start"], word["end"])
        ]
        assert times == sorted(times)
        assert all(word["end"] > word["start"] for segment in first for word in segment["words"])
        assert [segment["id"] for segment in first + second] == [0, 1, 2]

    def test_words_end_with_their_chunk(self) -> None:
        """Whisper may put the last word past the end of the sound."""
        (segment,) = Placer().place([said(("end", 9, 14))], a_chunk(0, 10, (0, 10)))
        assert segment["end"] == 10.0

    def test_a_segment_without_words_keeps_its_own_times(self) -> None:
        """And one without text is none."""
        chunk = a_chunk(0, 10, (0, 10))
        found = Placer().place([Heard(1, 2, " Hm."), Heard(3, 4, " ")], chunk)
        assert [(segment["text"], segment["start"], segment["end"]) for segment in found] == [
            ("Hm.", 1.0, 2.0)
        ]


@dataclass
class Model:
    """A recogniser that hears one word in each chunk and writes down how it was asked."""

    english_only: bool = False
    languages: list[dict[str, float]] = field(default_factory=lambda: [{"pt": 0.9, "es": 0.1}])
    asked: list[tuple[str, bool]] = field(default_factory=list)

    def require(self, language: str) -> None:
        if self.english_only and language != "en":
            raise InvalidRequest("English only")

    def language_probabilities(self, _sound: object) -> dict[str, float]:
        return self.languages.pop(0)

    def recognise(self, sound: np.ndarray, language: str, *, translate: bool, careful: bool) -> list[Heard]:
        self.asked.append((language, translate))
        return heard([said((f"{len(sound)}", 0.0, len(sound) / SAMPLE_RATE))])


Transcribe = Callable[..., tuple[TranscribeResult, Transcription]]


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Model:
    """The recogniser in use; each window louder than a whisper counts as speech."""
    found = Model()
    monkeypatch.setattr(engine, "recogniser", lambda folder, threads: found)  # noqa: ARG005
    monkeypatch.setattr("batuta.services.transcriber.chunks.VoiceActivity", Loudness)
    return found


class Loudness:
    def probabilities(self, samples: np.ndarray) -> np.ndarray:
        windows = np.pad(samples, (0, -len(samples) % 512)).reshape(-1, 512)
        return (np.abs(windows).max(axis=1) > 0.01).astype(np.float32)


@pytest.fixture
def run(tmp_path: Path) -> Transcribe:
    def run(
        sound: np.ndarray | Path, seen: list[float] | None = None, **wishes: str | bool | None
    ) -> tuple[TranscribeResult, Transcription]:
        path = sound
        if isinstance(sound, np.ndarray):
            path = write(tmp_path / "in.flac", sound, SAMPLE_RATE, codec="flac")
        result = transcribe(
            {
                "input": str(path),
                "output": str(tmp_path / "out.json"),
                "model_folder": str(tmp_path),
                "model_name": "toy",
                "language_in": wishes.get("language_in") or "auto",
                "language_out": wishes.get("language_out"),
                "threads": 2,
                "only_language": wishes.get("only_language", False),
            },
            [].append if seen is None else seen.append,
        )
        return result, json.loads((tmp_path / "out.json").read_text())

    return run


def talking(*spoken: bool) -> np.ndarray:
    """Half a minute of tone or of silence for each."""
    return np.concatenate([tone(30, SAMPLE_RATE) * flag for flag in spoken], axis=1)


def test_silence_is_a_valid_empty_transcription(run: Transcribe, model: Model) -> None:
    """Nobody is asked, no language is claimed, the length is right."""
    result, document = run(talking(False, False))
    assert (result["language_detected"], result["segments"], result["duration"]) == (None, 0, 60.0)
    assert (document["full_text"], document["segments"], document["language_probability"]) == ("", [], None)
    assert model.asked == []


def test_the_language_is_found_once_and_kept(run: Transcribe, model: Model) -> None:
    """In the first chunk with speech; all others are asked in it."""
    result, document = run(talking(False, True, True))
    assert (result["language_detected"], result["language_probability"]) == ("pt", 0.9)
    assert document["language_detected"] == "pt"
    assert set(model.asked) == {("pt", False)}


def test_a_doubtful_language_is_listened_for_longer(run: Transcribe, model: Model) -> None:
    """Up to three chunks, whose probabilities are added up."""
    model.languages = [{"es": 0.4, "pt": 0.3}, {"es": 0.2, "pt": 0.4}, {"es": 0.1, "pt": 0.4}]
    result, _ = run(talking(True, True, True, True))
    assert (result["language_detected"], result["language_probability"]) == (
        "pt",
        pytest.approx(0.3667, abs=1e-3),
    )


def test_a_given_language_is_not_looked_for(run: Transcribe, model: Model) -> None:
    """Its region does not matter, and no probability is claimed."""
    result, _ = run(talking(True), language_in="pt-BR")
    assert (result["language_detected"], result["language_probability"]) == ("pt", None)
    assert len(model.languages) == 1


@pytest.mark.parametrize(("spoken_language", "translate"), [("pt", True), ("en", False)])
def test_english_is_wanted_of_other_languages_only(
    run: Transcribe,
    model: Model,
    spoken_language: str,
    translate: bool,  # noqa: FBT001
) -> None:
    """What is English already is written down as it is."""
    run(talking(True), language_in=spoken_language, language_out="en")
    assert set(model.asked) == {(spoken_language, translate)}


@pytest.mark.usefixtures("model")
@pytest.mark.parametrize(
    ("wishes", "message"),
    [
        ({"language_in": "tlh"}, "'tlh' is no language.*Give a code"),
        ({"language_out": "de"}, "into English.*only, not into 'de'"),
        ({"language_out": "xx"}, "'xx' is no language"),
    ],
)
def test_what_cannot_be_done_is_refused(run: Transcribe, wishes: dict[str, str], message: str) -> None:
    """Before any work, with what to do instead."""
    with pytest.raises(InvalidRequest, match=message):
        run(talking(True), **wishes)


def test_an_english_model_takes_everything_for_english(run: Transcribe, model: Model) -> None:
    """It need not be asked, and it refuses another language."""
    model.english_only = True
    result, _ = run(talking(True))
    assert (result["language_detected"], result["language_probability"]) == ("en", None)
    with pytest.raises(InvalidRequest, match="English only"):
        run(talking(True), language_in="pt")


@pytest.mark.usefixtures("model")
def test_the_document_holds_what_the_result_counts(run: Transcribe) -> None:
    """The small result and the document on disk are of one mind."""
    result, document = run(talking(True, True), language_in="en")
    assert result["segments"] == len(document["segments"]) > 1
    assert result["words"] == sum(len(segment["words"]) for segment in document["segments"])
    assert document["full_text"] == " ".join(segment["text"] for segment in document["segments"])
    assert document["engine"] == result["engine"] == "transcriber-2:toy"


def test_progress_grows_with_every_chunk_also_where_it_is_heard_again(run: Transcribe, model: Model) -> None:
    """By the seconds of the film, silence before the first speech included."""
    deaf = [True]
    hear = model.recognise

    def hard_of_hearing(sound: np.ndarray, *rest: object, **how: bool) -> list[Heard]:
        deaf[0] = not deaf[0]
        return [] if deaf[0] else hear(sound, *rest, **how)

    model.recognise = hard_of_hearing
    seen: list[float] = []
    result, document = run(talking(False, False, True, True, True, False), seen)
    assert seen == sorted(seen)
    assert len(set(seen)) >= 6
    assert seen[0] < 25
    assert seen[-1] == 100.0
    assert result["stretches_heard_again"] == document["stretches_heard_again"] > 0


@pytest.mark.usefixtures("model")
def test_only_the_language_is_found_out_when_no_more_is_asked(run: Transcribe, model: Model) -> None:
    """Nothing is recognised, and the rest of the film is not even read."""
    result, document = run(talking(True, *[False] * 9), only_language=True)
    assert (result["language_detected"], result["language_probability"]) == ("pt", 0.9)
    assert (document["segments"], document["full_text"], document["duration"]) == ([], "", 300.0)
    assert model.asked == []


@pytest.mark.usefixtures("model")
def test_media_without_sound_is_refused(run: Transcribe, tmp_path: Path) -> None:
    """As by every engine, and without a file left behind."""
    (tmp_path / "text.wav").write_text("no media")
    with pytest.raises(UnreadableMedia):
        run(tmp_path / "text.wav")
    with pytest.raises(NoAudio):
        run(write_picture_only(tmp_path / "silent.mp4"))
    assert not list(tmp_path.glob("out*"))


def test_chunks_come_back_in_order_and_few_are_held() -> None:
    """However long each takes; no more are cut than there are threads, and one."""
    cut: list[int] = []
    second_is_done = threading.Event()

    def chunks() -> object:
        for number in range(6):
            cut.append(number)
            yield a_chunk(number, number + 1, (number, number + 1))

    def recognise(chunk: Chunk) -> list[str]:
        if chunk.stretch.start == 0:
            assert second_is_done.wait(5)
        second_is_done.set()
        return [f"{chunk.stretch.start:g}"]

    results = engine._in_order(chunks(), recognise, 2)
    assert next(results)[1] == ["0"]
    assert len(cut) <= 3
    assert [heard for _, heard in results] == [["1"], ["2"], ["3"], ["4"], ["5"]]


@pytest.mark.usefixtures("model")
def test_the_sound_is_never_held_whole(run: Transcribe, tmp_path: Path) -> None:
    """Ten times the speech takes at most two chunks more memory."""
    peaks = []
    for half_minutes in (3, 30):
        sound = talking(*[True] * half_minutes)
        path = write(tmp_path / f"{half_minutes}.flac", sound, SAMPLE_RATE, codec="flac")
        del sound
        tracemalloc.start()
        run(path, language_in="en")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] - peaks[0] < 2 * 30 * SAMPLE_RATE * 4


def test_an_error_in_a_chunk_ends_the_work(
    run: Transcribe, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not swallowed with its thread."""
    monkeypatch.setattr(model, "recognise", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run(talking(True), language_in="en")


def test_every_language_of_whisper_has_a_name() -> None:
    """The list is the recogniser's own."""
    assert LANGUAGES.keys() == set(_LANGUAGE_CODES)


@pytest.mark.parametrize(
    ("asked", "code"),
    [("auto", None), ("EN", "en"), ("pt_BR", "pt"), ("zh-Hans", "zh"), ("iw", "he"), ("nb", "no")],
)
def test_languages_are_understood_by_all_their_codes(asked: str, code: str | None) -> None:
    """Regions, scripts and older codes included."""
    assert spoken(asked) == code


def test_a_folder_without_weights_is_told_and_never_looked_for_on_the_web(tmp_path: Path) -> None:
    """The library would download a model of that name."""
    (tmp_path / "model.bin").touch()
    with pytest.raises(WeightsMissing, match=r"No tokenizer\.json in"):
        Recogniser(tmp_path, 1)


def test_noise_is_no_speech(run: Transcribe, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the real voice activity model: hiss and hum are never listened to."""
    monkeypatch.setattr(engine, "recogniser", lambda folder, threads: Model())  # noqa: ARG005
    for sound in (hiss(10, SAMPLE_RATE, db=-20), tone(10, SAMPLE_RATE, hertz=50)):
        assert run(sound)[0]["segments"] == 0
