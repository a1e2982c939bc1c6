"""Sound in which nobody speaks gives a valid, empty document; what Whisper makes up in it is not believed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from studio import Sound, hiss, read, silence, tone, write

from batuta.services.transcriber.chunks import Chunk, Span
from batuta.services.transcriber.contract import TranscribeResult, Transcription
from batuta.services.transcriber.engine import transcribe
from batuta.services.transcriber.listening import Listener
from batuta.services.transcriber.placing import Placer
from batuta.services.transcriber.vad import SAMPLE_RATE
from batuta.services.transcriber.whisper import recogniser

pytestmark = pytest.mark.weights

Weights = Callable[[str], Path]


def music(seconds: float, rate: int = SAMPLE_RATE) -> Sound:
    """A melody that vibrates and breathes as a voice does, over plucked chords and a drum."""
    time = np.arange(round(seconds * rate)) / rate
    beat = time % 0.5
    note = 200 * 2 ** ((np.floor(time * 2) * 5 % 12) / 12)
    phase = 2 * np.pi * np.cumsum(note * (1 + 0.02 * np.sin(2 * np.pi * 5.5 * time))) / rate
    voice = sum(np.sin(k * phase) / k for k in range(1, 12)) * np.sin(2 * np.pi * time).clip(0) ** 0.5
    chord = sum(np.sin(2 * np.pi * hertz * time) for hertz in (220, 277, 330)) * np.exp(-4 * beat)
    drum = np.sin(2 * np.pi * 60 * time) * np.exp(-12 * beat)
    mixed = voice + chord + 2 * drum
    return np.asarray(0.5 * mixed / np.abs(mixed).max(), np.float32)[None]


NO_SPEECH: dict[str, Callable[[], Sound]] = {
    "silence": lambda: silence(12, SAMPLE_RATE),
    "hum": lambda: tone(12, SAMPLE_RATE, hertz=50),
    "noise": lambda: hiss(12, SAMPLE_RATE, db=-20),
    "music": lambda: music(12),
    "a tenth of a second": lambda: hiss(0.1, SAMPLE_RATE, db=-20),
    "ten samples": lambda: tone(0.01, SAMPLE_RATE)[:, :10],
}


def run(
    folder: Path, path: Path, seen: list[float] | None = None, **wishes: object
) -> tuple[TranscribeResult, Transcription]:
    output = path.with_suffix(".json")
    task = {
        "input": str(path),
        "output": str(output),
        "model_folder": str(folder),
        "model_name": folder.name,
        "language_in": "auto",
        "language_out": None,
        "threads": 2,
        "only_language": False,
        **wishes,
    }
    return transcribe(task, [].append if seen is None else seen.append), json.loads(output.read_text())


@pytest.mark.parametrize("only_language", [False, True])
@pytest.mark.parametrize("kind", NO_SPEECH)
def test_no_speech_gives_no_words_and_no_language(
    weights: Weights,
    tmp_path: Path,
    kind: str,
    only_language: bool,  # noqa: FBT001  # a table
) -> None:
    """Whichever it is, and however short; the length is right."""
    sound = NO_SPEECH[kind]()
    path = write(tmp_path / "a.wav", sound, SAMPLE_RATE, codec="pcm_s16le")
    result, document = run(weights("whisper-base"), path, only_language=only_language)
    assert (document["full_text"], document["segments"], document["language_detected"]) == ("", [], None)
    assert (result["language_detected"], result["language_probability"], result["words"]) == (None, None, 0)
    assert document["duration"] == pytest.approx(sound.shape[1] / SAMPLE_RATE, abs=0.01)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "seconds"), [("silence", 30), ("silence", 2), ("music", 10)])
def test_nothing_is_made_up_even_where_speech_is_suspected(
    weights: Weights, kind: str, seconds: float
) -> None:
    """The guards alone, with a voice activity model that is wrong about all of the sound."""
    sound = {"silence": silence, "music": music}[kind](seconds, SAMPLE_RATE)[0]
    chunk = Chunk(Span(0, seconds), (Span(0, seconds),), 0.0, sound)
    listened = Listener(recogniser(weights("whisper-base"), 1), "en", translate=False).listen(chunk)
    assert Placer().place(listened.segments, chunk) == []


def test_the_language_is_found_without_writing_anything_down(
    weights: Weights, two_cities: Path, tmp_path: Path
) -> None:
    """After a minute of silence too; the document has the length of the film, and no segments."""
    sound, rate = read(two_cities)
    path = write(tmp_path / "film.mkv", sound[:1, : 20 * rate], rate, start=60, codec="flac", picture=True)
    result, document = run(weights("whisper-base"), path, only_language=True, language_in="pt")
    assert (result["language_detected"], document["language_detected"]) == ("en", "en")
    assert result["language_probability"] == document["language_probability"] > 0.8
    assert (document["segments"], document["full_text"]) == ([], "")
    assert document["duration"] == pytest.approx(80, abs=0.5)


def test_a_segment_tells_how_sure_it_is(weights: Weights, two_cities: Path, tmp_path: Path) -> None:
    """The engine's own measures, of a recording that is clear."""
    path = tmp_path / "a.wav"
    path.write_bytes(two_cities.read_bytes())
    _, document = run(weights("whisper-tiny.en"), path)
    for segment in document["segments"]:
        assert -1.0 < segment["avg_logprob"] < 0
        assert 0 <= segment["no_speech_prob"] < 0.6
        assert 0 < segment["compression_ratio"] <= 2.4
    assert document["stretches_heard_again"] == 0
