"""Voices apart, without the weights: the way there and back, and the seams between chunks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from studio import Sound, blocks, hiss, read, silence, talk, tone, write

from batuta.errors import InvalidRequest
from batuta.services.normalizer import vocals
from batuta.services.normalizer.contract import NormalizeResult, NormalizeTask
from batuta.services.normalizer.engine import normalize
from batuta.services.normalizer.flac import write_flac
from batuta.services.normalizer.orders import Normalize
from batuta.services.normalizer.service import Normalizer
from batuta.services.normalizer.spleeter.separation import (
    CHUNK_FRAMES,
    FADE_FRAMES,
    SAMPLE_RATE,
    Magnitudes,
    separate,
)
from batuta.services.normalizer.spleeter.spectrum import HOP
from batuta.storage.artefacts import Artefact

CHUNK = (CHUNK_FRAMES - FADE_FRAMES) * HOP
"""Samples from one chunk to the next."""
FOR_SPEECH = ("remove_noise", "convert_to_mono", "apply_highpass_filter", "set_sample_rate_16k")
SHARES = (1.0, 0.2, 0.9, 0.0)


class Constant:
    """Takes everything for voice to this extent."""

    def __init__(self, share: float = 1.0) -> None:
        self._share = share

    def share(self, magnitudes: Magnitudes) -> Magnitudes:
        return np.full_like(magnitudes, self._share)


class Moody:
    """Changes its mind from chunk to chunk."""

    def __init__(self) -> None:
        self.asked = 0

    def share(self, magnitudes: Magnitudes) -> Magnitudes:
        self.asked += 1
        return np.full_like(magnitudes, SHARES[(self.asked - 1) % len(SHARES)])


def separated(sound: Sound, model: object, size: int = 20_000) -> Sound:
    return np.concatenate(list(separate(blocks(sound, size), model)), axis=1)


@pytest.mark.parametrize("samples", [
    1, HOP - 1, HOP, 4096, 50_000, CHUNK - 1, CHUNK, CHUNK + FADE_FRAMES * HOP, CHUNK * 2 + 12_345,
])  # fmt: skip
def test_what_is_all_voice_comes_out_as_it_went_in(samples: int) -> None:
    """Every sample at its place, from the first to the last, whatever the length is to the chunks."""
    sound = tone(samples / SAMPLE_RATE, SAMPLE_RATE, hertz=440, channels=2)
    sound *= np.hanning(samples)  # a tone that begins at once has something of everything, above 11 kHz too
    sound[1] *= 0.5
    kept = separated(sound, Constant())
    assert kept.shape == sound.shape
    np.testing.assert_allclose(kept, sound, atol=1e-5)


@pytest.mark.parametrize("size", [1, 1000, 441_000])
def test_the_size_of_the_blocks_does_not_matter(size: int) -> None:
    """Blocks of a sample, or of ten seconds: the same bytes."""
    sound = np.tile(talk(15 if size > 1 else 0.2, SAMPLE_RATE), (2, 1))
    np.testing.assert_array_equal(separated(sound, Constant(), size), separated(sound, Constant(), 22_050))


def test_what_is_not_voice_is_the_rest() -> None:
    """A model that finds no voice leaves silence; one that finds half leaves half."""
    sound = tone(14, SAMPLE_RATE, channels=2)
    assert not separated(sound, Constant(0.0)).any()
    np.testing.assert_allclose(
        separated(sound, Constant(0.5))[:, 9000:-9000], sound[:, 9000:-9000] / 2, atol=1e-4
    )


def test_one_chunk_fades_into_the_next_without_a_click() -> None:
    """A model that answers 1, 0.2, 0.9 in turn: the level moves over a second, and nothing jumps.

    The second difference of a tone that fades is that of the tone; a click of a hundredth would stand out.
    """
    model, hertz = Moody(), 200
    sound = tone(32, SAMPLE_RATE, hertz=hertz, db=0, channels=2)
    voices = separated(sound, model)
    assert model.asked == 3
    smooth = (2 * np.pi * hertz / SAMPLE_RATE) ** 2
    assert np.abs(np.diff(voices[0][5000:-5000], 2)).max() < 1.05 * smooth
    level = np.abs(voices[0][: len(voices[0]) // 441 * 441].reshape(-1, 441)).max(axis=1)  # every 10 ms
    steps = np.abs(np.diff(level[20:-20]))
    assert steps.max() < 0.03
    for number, share in enumerate(SHARES[: model.asked]):
        middle = round((number + 0.5) * CHUNK / 441)
        assert level[middle] == pytest.approx(share, abs=0.01)
    fades = np.flatnonzero(steps > 1e-3) / 100
    assert fades.max() - fades.min() == pytest.approx(CHUNK / SAMPLE_RATE + 1, abs=0.2)


def test_only_a_chunk_is_held() -> None:
    """Voices come while sound goes in: never more than a chunk and a frame behind."""
    gone_in, behind = 0, []

    def fed() -> object:
        nonlocal gone_in
        for block in blocks(tone(40, SAMPLE_RATE, channels=2), 10_000):
            gone_in += block.shape[1]
            yield block

    come_out = 0
    for block in separate(fed(), Constant()):
        behind.append(gone_in - come_out)
        come_out += block.shape[1]
    assert max(behind) <= (CHUNK_FRAMES + 4) * HOP + 10_000
    assert len(behind) > 20


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 32_000, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_any_rate_goes_there_and_back_on_the_same_samples(rate: int, channels: int) -> None:
    """As long as it was to the sample, as loud as it was, and not shifted."""
    sound = np.tile(talk(2.0, rate, db=-12), (2, 1))[:, : -rate // 7]
    voices = np.concatenate(
        list(vocals.isolated(blocks(sound, rate // 2), rate, channels, Constant())), axis=1
    )
    assert voices.shape == (channels, sound.shape[1])
    gain = 2**0.5 if channels == 1 else 1  # how FFmpeg mixes two equal channels, here as for any file
    middle = slice(rate // 8, -rate // 8)
    np.testing.assert_allclose(voices[0][middle], gain * sound[0][middle], atol=2e-3)


@pytest.fixture
def all_is_voice(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine without weights: everything is voice."""
    monkeypatch.setattr(vocals, "load_model", lambda *_: Constant())


def run(path: Path, **flags: bool) -> tuple[NormalizeResult, Path]:
    """Normalize with every flag off but those given."""
    output = path.with_name("out.flac")
    task = NormalizeTask(
        input=str(path),
        output=str(output),
        display_name="talk.mp4",
        vocals_folder=str(path.parent),
        **{name: flags.get(name, False) for name in (*FOR_SPEECH, "isolate_vocals")},
    )
    return normalize(task, [].append), output


@pytest.mark.usefixtures("all_is_voice")
@pytest.mark.parametrize(("rate", "channels", "out"), [
    (8_000, 1, 1), (44_100, 2, 2), (48_000, 1, 1), (44_100, 6, 2), (16_000, 8, 2),
])  # fmt: skip
def test_every_shape_of_file_keeps_its_length(tmp_path: Path, rate: int, channels: int, out: int) -> None:
    """Telephone, stereo, cinema: rate and number of samples stay, more channels than two become two."""
    sound = np.tile(talk(3.21, rate), (channels, 1))
    write_flac(tmp_path / "in.flac", blocks(sound, 4096), rate, channels)
    result, output = run(tmp_path / "in.flac", isolate_vocals=True)
    assert (result["sample_rate"], result["channels"]) == (rate, out)
    heard, heard_rate = read(output)
    assert (heard.shape, heard_rate) == ((out, sound.shape[1]), rate)


@pytest.mark.usefixtures("all_is_voice")
@pytest.mark.parametrize("noisy", [False, True])
def test_the_rest_of_the_way_is_the_same(tmp_path: Path, noisy: bool) -> None:  # noqa: FBT001
    """Where all is voice, isolation changes nothing: noise, mono, high-pass and 16 kHz come after it."""
    sound = np.concatenate([silence(1.5), talk(6, db=-6)], axis=1) + (hiss(7.5, db=-18) if noisy else 0)
    path = write(tmp_path / "a.wav", sound, codec="pcm_s16le")
    flags = dict.fromkeys(FOR_SPEECH, True)
    plain, output = run(path, **flags)
    expected = read(output)[0]
    isolated, output = run(path, isolate_vocals=True, **flags)
    heard, rate = read(output)
    assert (plain["noise_removed"], isolated["noise_removed"]) == (noisy, noisy)
    assert (rate, heard.shape) == (16_000, expected.shape)
    middle = slice(1000, -1000)
    scores = {shift: np.roll(heard[0], shift)[middle] @ expected[0][middle] for shift in range(-50, 51)}
    assert max(scores, key=scores.__getitem__) == 0
    assert isolated["loudness_out"] == pytest.approx(plain["loudness_out"], abs=0.3)


@pytest.mark.usefixtures("all_is_voice")
def test_silence_stays_silence(tmp_path: Path) -> None:
    """No voice is heard in nothing."""
    result, output = run(write(tmp_path / "a.wav", silence(14), codec="pcm_s16le"), isolate_vocals=True)
    assert not read(output)[0].any()
    assert (result["loudness_in"], result["gain_db"]) == (None, 0.0)


@pytest.mark.usefixtures("all_is_voice")
def test_damage_is_told_and_nothing_is_left_behind(tmp_path: Path) -> None:
    """Warnings are those of the only pass that reads the file; the spool of voices is gone."""
    whole = write(tmp_path / "whole.mkv", talk(10), codec="pcm_s16le").read_bytes()
    (tmp_path / "cut.mkv").write_bytes(whole[: len(whole) // 2])
    result, _ = run(tmp_path / "cut.mkv", isolate_vocals=True)
    assert "may be truncated" in result["warnings"][0]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cut.mkv", "out.flac", "whole.mkv"]


@pytest.mark.usefixtures("all_is_voice")
def test_progress_grows_through_every_pass(tmp_path: Path) -> None:
    """One bar: most of it is isolation, the rest is what it always was."""
    seen: list[float] = []
    path = write(tmp_path / "a.wav", talk(30), codec="pcm_s16le")
    normalize(
        NormalizeTask(
            input=str(path),
            output=str(tmp_path / "out.flac"),
            display_name="it",
            isolate_vocals=True,
            vocals_folder="",
            **dict.fromkeys(FOR_SPEECH, True),
        ),
        seen.append,
    )
    assert seen == sorted(seen)
    assert seen[-1] == 100.0
    assert sum(percent <= 85 for percent in seen) > 20
    assert sum(85 < percent < 100 for percent in seen) > 20


@pytest.mark.anyio
async def test_a_normalizer_without_weights_refuses(tmp_path: Path) -> None:
    """It says so, and what to send instead."""
    normalizer = Normalizer()
    order = Normalize(file=Artefact(sha256="0" * 64, size=1), isolate_vocals=True)
    path = write(tmp_path / "a.wav", tone(1), codec="pcm_s16le")
    try:
        with pytest.raises(InvalidRequest, match="not available without weights"):
            await normalizer.perform(order, {"file": path}, tmp_path, [].append)
    finally:
        await normalizer.aclose()


def test_nobody_pays_for_voices_who_does_not_want_them(tmp_path: Path) -> None:
    """The plain way imports neither the runtime of the model nor what converts it."""
    path = write(tmp_path / "a.wav", talk(3), codec="pcm_s16le")
    program = f"""
import sys
from batuta.services.normalizer.engine import normalize
flags = dict(remove_noise=True, convert_to_mono=True, apply_highpass_filter=True, set_sample_rate_16k=True)
task = dict(input={str(path)!r}, output={str(path) + ".flac"!r}, display_name="it", isolate_vocals=False)
normalize(task | flags, lambda percent: None)
print(*sorted({{name.partition(".")[0] for name in sys.modules}} & {{"onnxruntime", "onnx"}}))
"""
    done = subprocess.run((sys.executable, "-c", program), check=True, capture_output=True, text=True)
    assert done.stdout.strip() == ""
