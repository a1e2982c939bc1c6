"""Where somebody speaks: Silero's voice activity model, fed as the sound comes.

faster-whisper carries the model (MIT) but runs it over a whole file held in memory; here its state goes from
block to block, with the same result.
"""

from __future__ import annotations

from typing import Final, Protocol, TypeAlias, cast

import numpy as np
import numpy.typing as npt

Samples: TypeAlias = npt.NDArray[np.float32]
"""Mono sound at 16 kHz, or other rows of floats."""

SAMPLE_RATE: Final = 16_000

WINDOW: Final = 512
"""Samples for which the model gives one probability."""
_CONTEXT: Final = 64
"""Samples before a window that the model sees with it."""
_STATE: Final = (1, 1, 128)


class _Session(Protocol):
    """What is used of onnxruntime, which has no types."""

    def run(self, outputs: None, inputs: dict[str, Samples]) -> tuple[Samples, Samples, Samples]: ...


class VoiceActivity:
    """The probability of speech in each window of a sound that comes in pieces."""

    def __init__(self) -> None:
        self._session = _session()
        self._hidden = np.zeros(_STATE, np.float32)
        self._cell = np.zeros(_STATE, np.float32)
        self._context = np.zeros(_CONTEXT, np.float32)

    def probabilities(self, samples: Samples) -> Samples:
        """One for each window of `samples`; the last may be incomplete where the sound ends."""
        windows = np.pad(samples, (0, -len(samples) % WINDOW)).reshape(-1, WINDOW)
        before = np.concatenate([self._context[None], windows[:-1, -_CONTEXT:]])
        self._context = windows[-1, -_CONTEXT:]
        inputs = {"input": np.concatenate([before, windows], axis=1), "h": self._hidden, "c": self._cell}
        found, self._hidden, self._cell = self._session.run(None, inputs)
        return found.reshape(-1)


def _session() -> _Session:
    from faster_whisper.vad import get_vad_model  # noqa: PLC0415  # loaded in the worker process only

    return cast("_Session", get_vad_model().session)
