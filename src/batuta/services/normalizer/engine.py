"""Any readable media in; speech of an even loudness out, as FLAC on the same time line.

    isolate vocals where that is asked for, before everything else
    measure        how loud it is, and how noisy
    remove noise   where there is noise, and only there: clean speech is worse recognised after it
    level          one gain to -16 LUFS, and a limiter

The seed's order is vocals → noise → mono → high-pass → 16 kHz → loudness; only the mix to mono comes before
the noise, so that it is removed from one channel. Every pass streams: memory does not depend on the length.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from batuta.errors import InvalidRequest
from batuta.media.audio import AudioReader, Block
from batuta.services.normalizer import denoise, loudness, vocals
from batuta.services.normalizer.contract import ENGINE_VERSION, NormalizeResult, NormalizeTask
from batuta.services.normalizer.flac import write_flac
from batuta.services.normalizer.noise import NOISY_BELOW_DB, NoiseMeter
from batuta.services.normalizer.passes import Progress, Resampled, Sound, Source
from batuta.services.normalizer.spool import Spool

__all__ = ["ENGINE_VERSION", "NormalizeResult", "NormalizeTask", "normalize"]

_SPEECH_RATE: Final = 16_000
_HIGHPASS: Final = ("highpass", "f=80")
_VOCALS_PERCENT: Final = 85
"""Of the bar, where voices are isolated: it takes five times as long as all the rest."""
_CORRECTIONS: Final = (95, 97, 99)
"""Further rounds of levelling, by the percentage at which each ends."""


def normalize(task: NormalizeTask, report: Callable[[float], None]) -> NormalizeResult:
    """Do the task; raises `InvalidRequest`, `UnreadableMedia` or `NoAudio`, and then leaves no file."""
    output, progress = Path(task["output"]), Progress(report)
    reader = _reader(task)
    sample_rate = _SPEECH_RATE if task["set_sample_rate_16k"] else reader.sample_rate
    filters = (_HIGHPASS,) if task["apply_highpass_filter"] else ()
    with ExitStack() as temporary:
        sound: Sound = reader
        if task["isolate_vocals"]:
            sound = Spool(_beside(output, ".vocals", temporary), reader.sample_rate, min(reader.channels, 2))
            reader = _isolate_vocals(task, sound, progress)
            progress = progress.rest()
        noise = NoiseMeter(sound.sample_rate, sound.channels) if task["remove_noise"] else None
        source = Source(sound, sample_rate, filters)
        loudness_in = _measure(source, noise, progress)
        snr, warnings = noise.snr_db if noise else None, reader.warnings
        noisy = snr is not None and snr < NOISY_BELOW_DB
        if noisy:
            spool = Spool(_beside(output, ".spool", temporary), sample_rate, sound.channels)
            source = Source(_full_band(sound, task), sample_rate, filters)
            loudness_in = _remove_noise(source, spool, progress)
            source = Source(spool, sample_rate)
        part = _beside(output, ".part", temporary)
        levelled = _level(source, loudness_in, part, progress)
        part.replace(output)
    report(100.0)
    return NormalizeResult(
        duration=levelled.samples / sample_rate,
        sample_rate=sample_rate,
        channels=sound.channels,
        loudness_in=loudness_in,
        loudness_out=levelled.loudness,
        gain_db=round(levelled.gain, 2),
        snr_db=snr,
        noise_removed=noisy,
        warnings=warnings,
        engine=ENGINE_VERSION,
    )


def _reader(task: NormalizeTask, sample_rate: int | None = None) -> AudioReader:
    channels = 1 if task["convert_to_mono"] else None
    path = Path(task["input"])
    return AudioReader(path, name=task["display_name"], sample_rate=sample_rate, channels=channels)


def _isolate_vocals(task: NormalizeTask, spool: Spool, progress: Progress) -> AudioReader:
    """Spool the voices of the file at its own rate; the reader it returns knows of damage on the way."""
    if "vocals_folder" not in task:
        raise InvalidRequest("Vocal isolation is not available without weights; send isolate_vocals=false.")
    model = vocals.load_model(Path(task["vocals_folder"]), task.get("threads", 1))
    reader = AudioReader(Path(task["input"]), name=task["display_name"], channels=2)
    sound = progress.over(reader, until=_VOCALS_PERCENT)
    spool.write(vocals.isolated(sound, reader.sample_rate, spool.channels, model))
    return reader


def _measure(source: Source, noise: NoiseMeter | None, progress: Progress) -> float | None:
    """The loudness before any gain; the noise meter hears what comes before the filters."""
    chain = source.chain(loudness.METER)
    for _ in chain.run(_heard(progress.over(source.sound, until=35), noise)):
        pass
    return loudness.reading(chain.notes)


def _heard(blocks: Iterable[Block], noise: NoiseMeter | None) -> Iterator[Block]:
    for block in blocks:
        if noise is not None:
            noise.hear(block)
        yield block


def _full_band(sound: Sound, task: NormalizeTask) -> Sound:
    """The sound at the rate that RNNoise knows; a file is read again, at that rate."""
    if isinstance(sound, AudioReader):
        return _reader(task, denoise.SAMPLE_RATE)
    return Resampled(sound, denoise.SAMPLE_RATE)


def _remove_noise(source: Source, spool: Spool, progress: Progress) -> float | None:
    """Spool the sound with less noise; its loudness before any gain."""
    chain = source.chain(loudness.METER)
    spool.write(chain.run(denoise.denoised(progress.over(source.sound, until=75), source.sound.channels)))
    return loudness.reading(chain.notes)


@dataclass(frozen=True, slots=True)
class _Levelled:
    """What was written: its gain in dB, its loudness, its length."""

    gain: float
    loudness: float | None
    samples: int


def _level(source: Source, loudness_in: float | None, path: Path, progress: Progress) -> _Levelled:
    """Write the sound at the target loudness; what the limiter took away is given back in further rounds."""
    levelled = _write(source, loudness.first_gain(loudness_in), path, progress, until=90)
    for until in _CORRECTIONS:
        gain = loudness.better_gain(levelled.gain, levelled.loudness)
        if gain is None:
            break
        levelled = _write(source, gain, path, progress, until)
    return levelled


def _write(source: Source, gain: float, path: Path, progress: Progress, until: float) -> _Levelled:
    chain = source.chain(("volume", f"{gain:.4f}dB"), loudness.LIMITER, loudness.METER)
    blocks = chain.run(progress.over(source.sound, until))
    samples = write_flac(path, blocks, source.sample_rate, source.sound.channels)
    return _Levelled(gain, loudness.reading(chain.notes), samples)


def _beside(output: Path, suffix: str, temporary: ExitStack) -> Path:
    """A file next to the output that is gone afterwards."""
    path = output.with_name(output.name + suffix)
    temporary.callback(path.unlink, missing_ok=True)
    return path
