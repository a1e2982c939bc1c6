"""What the normalizer is asked for and what it gives; flags and their names are the seed's."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from batuta.jobs.orders import Order
from batuta.storage.artefacts import Artefact


class Audio(BaseModel):
    """Normalized audio on the timeline of the file it came from."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    file: Artefact
    filename: str | None = None
    duration: float | None = None
    """Seconds."""
    warnings: tuple[str, ...] = ()


class Normalize(Order[Audio]):
    """Make audio fit for recognition: vocals → noise → mono → high-pass → 16 kHz → loudness."""

    work: ClassVar[str] = "audio-normalization"
    Result: ClassVar[type[BaseModel]] = Audio

    file: Artefact
    remove_noise: bool = True
    convert_to_mono: bool = True
    apply_highpass_filter: bool = False
    set_sample_rate_16k: bool = True
    isolate_vocals: bool = False
