"""Videos with somebody speaking over music, and a second opinion on what dubs made of them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import av
import jiwer
import numpy as np
import numpy.typing as npt
from whisper_normalizer.basic import BasicTextNormalizer

sys.path.append(str(Path(__file__).parents[1] / "services" / "audio_worker"))  # its films are for everybody
from filmset import RATE, film, read, voice

__all__ = ["RATE", "film", "read", "voice"]

Sound = npt.NDArray[np.float32]
"""48 kHz, of shape (channels, samples)."""

VOICE_HZ = 600
"""Below it is the music of these videos, above it are the sharper edges of a voice."""
VOICE_RATE = 16_000
CHORD = (220.0, 277.2, 329.6, 440.0)


def speech_in(recording: Path, start: float, end: float) -> Sound:
    """What is said between these seconds of the recording, in one channel."""
    whole = read(recording)[:1]
    return whole[:, round(start * RATE) : round(end * RATE)]


def silence(seconds: float) -> Sound:
    return np.zeros((1, round(seconds * RATE)), np.float32)


def music(seconds: float) -> Sound:
    """A chord that swells and fades."""
    time = np.arange(round(seconds * RATE)) / RATE
    tones = [
        0.02 * np.sin(2 * np.pi * hertz * time) * (0.6 + 0.4 * np.sin(np.pi * time + place))
        for place, hertz in enumerate(CHORD)
    ]
    return np.asarray(sum(tones), np.float32)[None]


def talk(path: Path, parts: Sequence[Sound], *, with_music: bool = True, fps: int = 25) -> Path:
    """A video in which these are heard one after the other."""
    sound = np.concatenate(parts, axis=1)
    seconds = sound.shape[1] / RATE
    if with_music:
        sound = sound + music(seconds)[:, : sound.shape[1]]
    both = np.tile(np.clip(sound, -1, 1), (2, 1)).astype(np.float32)
    return film(path, both, seconds=seconds, options={"bf": "2", "preset": "ultrafast"}, fps=fps)


def word_errors(said: str, heard: str) -> float:
    """The word error rate between two texts, whatever their spelling of marks and capitals."""
    normal = BasicTextNormalizer()
    return float(jiwer.wer(normal(said), normal(heard)))


def loudness(sound: Sound) -> tuple[float, float]:
    """LUFS and dBTP, as FFmpeg's own meter has them (EBU R128)."""
    graph = av.filter.Graph()
    source = graph.add_abuffer(sample_rate=RATE, format="fltp", layout="stereo")
    meter = graph.add("ebur128", "metadata=1:peak=true:framelog=quiet")
    graph.link_nodes(source, meter, graph.add("abuffersink")).configure()
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound), "fltp", "stereo")
    frame.sample_rate, frame.pts = RATE, 0
    graph.push(frame)
    graph.push(None)
    notes: dict[str, str] = {}
    while True:
        try:
            notes.update(graph.pull().metadata)
        except (av.BlockingIOError, av.EOFError):
            break
    peak = max(float(notes[f"lavfi.r128.true_peaks_ch{channel}"]) for channel in (0, 1))
    return float(notes["lavfi.r128.I"]), 20 * float(np.log10(peak))


def found_at(clip: Sound, mixed: Sound, seconds: float = 0.6) -> float:
    """When the beginning of the clip is heard in the mix, wherever that is: where they correlate most."""
    beginning = voice_in(clip[:, : round(seconds * RATE)])
    whole = voice_in(mixed)
    size = 1 << (whole.size + beginning.size).bit_length()
    likeness = np.fft.irfft(np.fft.rfft(whole, size) * np.conj(np.fft.rfft(beginning, size)), size)
    return int(np.argmax(likeness[: whole.size])) / VOICE_RATE


def begins_within(sound: Sound, level_db: float = -30) -> float:
    """How many seconds pass before the voice comes this near to its loudest."""
    voice = np.abs(voice_in(sound))
    return int(np.flatnonzero(voice > voice.max() * 10 ** (level_db / 20))[0]) / VOICE_RATE


def voice_in(sound: Sound) -> Sound:
    """What of the first channel is above the music, at 16 kHz."""
    samples = sound.shape[1]
    spectrum = np.fft.rfft(sound[0], 1 << samples.bit_length())
    hertz = np.fft.rfftfreq(1 << samples.bit_length(), 1 / RATE)
    spectrum[(hertz < VOICE_HZ) | (hertz > VOICE_RATE / 2)] = 0
    return np.asarray(np.fft.irfft(spectrum)[: samples : RATE // VOICE_RATE], np.float32)
