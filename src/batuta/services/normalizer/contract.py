"""What the normalizer's engine is asked and what it answers; light to import, so that the parent may."""

from __future__ import annotations

from typing import Final, NotRequired, TypedDict

ENGINE: Final = "batuta.services.normalizer.engine:normalize"
"""Where a pool of worker processes finds the engine."""

ENGINE_VERSION: Final = "normalizer-2"
"""Changes whenever the same file, flags and weights would give other bytes."""

VOCALS_WEIGHTS: Final = "spleeter-2stems"
"""The set of weights that `isolate_vocals` needs."""


class NormalizeTask(TypedDict):
    """One file; `display_name` is what messages call it. The flags are the seed's.

    With `isolate_vocals` go the folder of its weights and the number of cores it may use.
    """

    input: str
    output: str
    display_name: str
    remove_noise: bool
    convert_to_mono: bool
    apply_highpass_filter: bool
    set_sample_rate_16k: bool
    isolate_vocals: bool
    vocals_folder: NotRequired[str]
    threads: NotRequired[int]


class NormalizeResult(TypedDict):
    """Facts about the file at `output`: FLAC of 16 bits, on the time line of the input.

    `channels` is the input's unless mono was asked for; isolated voices have two at most.

    Loudness is in LUFS and `None` for silence: `loudness_in` before the gain of `gain_db`, `loudness_out` in
    the file. `snr_db` is `None` unless noise removal was asked for and there was enough sound to tell.
    """

    duration: float
    sample_rate: int
    channels: int
    loudness_in: float | None
    loudness_out: float | None
    gain_db: float
    snr_db: float | None
    noise_removed: bool
    warnings: list[str]
    engine: str
