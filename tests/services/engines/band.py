"""A band to talk over: chords and drums made of numbers, and how well somebody is heard against them."""

from __future__ import annotations

import math

import numpy as np
from studio import Sound

CHORDS = ((57, 60, 64, 69), (53, 57, 60, 65), (48, 55, 60, 64), (55, 59, 62, 67))
"""A minor, F, C, G by MIDI notes; two seconds each."""
BEAT = 0.25


def band(seconds: float, rate: int) -> Sound:
    """Music in stereo: four-note chords of eight harmonics that ring out, a bass drum and a hi-hat."""
    sound = np.zeros((2, round(seconds * rate)))
    for number in range(math.ceil(seconds / 2)):
        part = sound[:, round(2 * number * rate) : round(2 * (number + 1) * rate)]
        part += chord(CHORDS[number % len(CHORDS)], np.arange(part.shape[1]) / rate)
    random = np.random.default_rng(3)
    for number in range(math.ceil(seconds / BEAT)):
        start = round(number * BEAT * rate)
        part = sound[:, start : start + round(0.12 * rate)]
        time = np.arange(part.shape[1]) / rate
        drum = 2.5 * np.sin(2 * np.pi * (50 + 80 * np.exp(-40 * time)) * time) * np.exp(-18 * time)
        hat = 1.2 * random.standard_normal(len(time)) * np.exp(-35 * time)
        part += drum if number % 2 == 0 else hat
    return sound.astype(np.float32)


def chord(notes: tuple[int, ...], time: np.ndarray) -> np.ndarray:
    swell = np.clip(time / 0.02, 0, 1) * np.exp(-0.6 * time) * np.clip((2 - time) / 0.02, 0, 1)
    sound = np.zeros((2, len(time)))
    for place, note in enumerate(notes):
        hertz = 440 * 2 ** ((note - 69) / 12)
        voice = sum(np.sin(2 * np.pi * hertz * k * time + place) / k**1.5 for k in range(1, 9)) * swell
        left = 0.3 if place % 2 else 0.7
        sound += np.array([[left], [1 - left]]) * voice
    return sound


def mixed(speech: Sound, music: Sound, *, db: float) -> Sound:
    """Both together, the speech by so many dB above the music, with headroom."""
    gain = math.sqrt(float(np.square(speech).mean() / np.square(music).mean())) * 10 ** (-db / 20)
    mix = speech + gain * music
    return np.asarray(mix * 0.9 / np.abs(mix).max(), np.float32)


def si_sdr(wanted: Sound, heard: Sound) -> float:
    """How well the wanted sound is heard, in dB, whatever the level (Le Roux et al., ICASSP 2019)."""
    target, estimate = (sound.mean(axis=0).astype(np.float64) for sound in (wanted, heard))
    target, estimate = target - target.mean(), estimate - estimate.mean()
    aligned = target * (target @ estimate) / (target @ target)
    return float(10 * np.log10(np.sum(aligned**2) / np.sum((estimate - aligned) ** 2)))
