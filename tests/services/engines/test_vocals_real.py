"""Voices apart with the real weights: how much of the music goes, how little memory it takes."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from band import band, mixed, si_sdr
from studio import Sound, blocks, hiss, read, write

from batuta.services.normalizer.filters import FilterChain
from batuta.services.normalizer.orders import Normalize
from batuta.services.normalizer.service import Normalizer
from batuta.services.normalizer.spleeter.separation import SAMPLE_RATE, Model
from batuta.services.normalizer.vocals import isolated, load_model
from batuta.settings import Settings
from batuta.storage.artefacts import Artefact
from batuta.weights import Weights
from offspring import children, left_after

pytestmark = pytest.mark.weights

CHILD = """
import sys
from pathlib import Path
from batuta.services.normalizer.engine import normalize
flags = dict(remove_noise=False, convert_to_mono=True, apply_highpass_filter=True, set_sample_rate_16k=True)
vocals = dict(isolate_vocals=True, vocals_folder=sys.argv[3], threads=2)
task = dict(input=sys.argv[1], output=sys.argv[2], display_name="it") | vocals | flags
normalize(task, lambda percent: None)
print(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
"""
ORDER = Normalize(file=Artefact(sha256="0" * 64, size=1), isolate_vocals=True)


@pytest.fixture(scope="module")
def folder(weights: Callable[[str], Path]) -> Path:
    return weights("spleeter-2stems")


@pytest.fixture(scope="module")
def model(folder: Path) -> Model:
    return load_model(folder, 2)


@pytest.fixture(scope="module")
def speech(two_cities: Path) -> Sound:
    """Twenty seconds of a man who reads, the same on both sides."""
    sound, rate = read(two_cities)
    resample = FilterChain(rate, 1, ("aresample", str(SAMPLE_RATE)))
    found = np.concatenate(list(resample.run(blocks(sound[:1], rate))), axis=1)[:, : 20 * SAMPLE_RATE]
    return np.tile(found, (2, 1))


@pytest.fixture(scope="module")
def music() -> Sound:
    return band(20, SAMPLE_RATE)


def voices_in(sound: Sound, model: Model) -> Sound:
    return np.concatenate(list(isolated(blocks(sound, 22_050), SAMPLE_RATE, 2, model)), axis=1)


@pytest.mark.parametrize("db", [5, 0, -5])
def test_speech_over_music_is_heard_better(speech: Sound, music: Sound, model: Model, db: int) -> None:
    """At least 4 dB better; measured in 2026 over 44 s: 5.4 → 13.8, 0.4 → 12.0 and -4.6 → 9.7 dB."""
    mix = mixed(speech, music, db=db)
    voices = voices_in(mix, model)
    assert voices.shape == mix.shape
    assert si_sdr(speech, voices) >= si_sdr(speech, mix) + 4


def test_what_is_left_is_the_music(speech: Sound, music: Sound, model: Model) -> None:
    """Mix minus voices is a bed to speak over: the band, at least 4 dB better than before."""
    mix = mixed(speech, music, db=0)
    assert si_sdr(music, mix - voices_in(mix, model)) >= si_sdr(music, mix) + 4


def test_the_answer_does_not_depend_on_the_cores(
    speech: Sound, music: Sound, folder: Path, model: Model
) -> None:
    """One thread or two, once or again: the same bytes, as results are kept by their content."""
    mix = mixed(speech, music, db=0)[:, : 15 * SAMPLE_RATE]
    first = voices_in(mix, model)
    np.testing.assert_array_equal(first, voices_in(mix, model))
    np.testing.assert_array_equal(first, voices_in(mix, load_model(folder, 1)))


def test_silence_has_no_voice(model: Model) -> None:
    """Not a bit of it is set."""
    assert not voices_in(np.zeros((2, 13 * SAMPLE_RATE), np.float32), model).any()


@pytest.mark.anyio
async def test_the_service_isolates_voices(speech: Sound, music: Sound, tmp_path: Path) -> None:
    """An order, the weights of this installation, an engine in its own process: one file with less music."""
    mix = mixed(speech, music, db=0)
    path = write(tmp_path / "mix.wav", mix, SAMPLE_RATE, codec="pcm_s16le")
    order = ORDER.model_copy(update={"convert_to_mono": False, "set_sample_rate_16k": False})
    normalizer = Normalizer(Weights.from_settings(Settings()))
    try:
        made = await normalizer.perform(order, {"file": path}, tmp_path, [].append)
    finally:
        await normalizer.aclose()
    heard, rate = read(made.file)
    assert (rate, heard.shape) == (SAMPLE_RATE, mix.shape)
    assert si_sdr(speech, heard) >= si_sdr(speech, mix) + 4


@pytest.mark.anyio
async def test_isolation_stops_when_it_is_cancelled(tmp_path: Path) -> None:
    """In the middle of a long file: nothing of it runs on."""
    path = write(tmp_path / "long.wav", np.tile(hiss(30), (1, 20)), codec="pcm_s16le")
    normalizer = Normalizer(Weights.from_settings(Settings()))
    begun = asyncio.Event()
    work = asyncio.create_task(
        normalizer.perform(ORDER, {"file": path}, tmp_path, lambda percent: percent > 3 and begun.set())
    )
    try:
        async with asyncio.timeout(60):
            await begun.wait()
        engines = children()
        assert engines
        work.cancel()
        async with asyncio.timeout(2):
            await asyncio.gather(work, return_exceptions=True)
        left = await asyncio.to_thread(left_after, 2, engines)
    finally:
        await normalizer.aclose()
    assert left == []


@pytest.mark.slow
def test_memory_does_not_depend_on_the_length(folder: Path, tmp_path: Path) -> None:
    """Six times the sound takes at most 25 MB more, and it all stays below half a gigabyte."""
    peaks = []
    for minutes in (0.5, 3):
        sound = np.tile(np.tile(hiss(30, 16_000), (2, 1)), int(minutes * 2))
        path = write(tmp_path / f"{minutes}.flac", sound, 16_000, codec="flac")
        command = (sys.executable, "-c", CHILD, str(path), str(tmp_path / "out.flac"), str(folder))
        peaks.append(int(subprocess.run(command, check=True, capture_output=True).stdout) / 1024)
    assert peaks[1] - peaks[0] < 25
    assert peaks[1] < 512
