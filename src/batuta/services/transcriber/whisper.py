"""Whisper on CTranslate2, as much of it as is used, with types.

faster-whisper is imported when a model is loaded: in the worker process, never in its parent.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Final, Protocol, cast

from batuta.errors import InvalidRequest, WeightsMissing
from batuta.services.transcriber.guards import MAX_COMPRESSION, MAX_NO_SPEECH, MIN_LOGPROB
from batuta.services.transcriber.heard import Heard, SpokenSegment, heard
from batuta.services.transcriber.languages import LANGUAGES
from batuta.services.transcriber.vad import Samples

_BEAM: Final = 5
_LONGEST_REPEAT: Final = 6
"""Tokens; rhetoric repeats fewer, a model in a loop more."""


class _Tokenizer(Protocol):
    def token_to_id(self, token: str) -> int | None: ...


class _Model(Protocol):
    """What is used of `faster_whisper.WhisperModel`."""

    hf_tokenizer: _Tokenizer

    @property
    def supported_languages(self) -> list[str]: ...

    def detect_language(self, audio: Samples) -> tuple[str, float, list[tuple[str, float]]]: ...

    def transcribe(self, audio: Samples, **options: object) -> tuple[Iterable[SpokenSegment], object]: ...


class Recogniser:
    """A loaded model that several threads may ask at once."""

    def __init__(self, folder: Path, threads: int) -> None:
        """`threads` askers are served at once; raises `WeightsMissing` when the folder holds no model."""
        for name in ("model.bin", "tokenizer.json"):  # or else the library would look for them on the web
            if not (folder / name).is_file():
                raise WeightsMissing(
                    f"No {name} in {folder}: pull the model again with `batuta models pull`."
                )
        from faster_whisper import WhisperModel  # noqa: PLC0415  # half a second, in the worker only

        model = WhisperModel(
            str(folder),
            device="cpu",
            compute_type="int8",
            cpu_threads=1,
            num_workers=threads,
            local_files_only=True,
        )
        self._model = cast("_Model", model)

    @property
    def english_only(self) -> bool:
        """Whether it was trained on English alone, as the models named `.en` were."""
        return self._model.supported_languages == ["en"]

    def require(self, language: str) -> None:
        """Raise `InvalidRequest` when this model does not know the language."""
        known = language == "en" or not self.english_only
        if not known or self._model.hf_tokenizer.token_to_id(f"<|{language}|>") is None:
            raise InvalidRequest(
                f"This model does not know {LANGUAGES[language]}. Choose another: those with `.en` in their "
                "name know English only, and Cantonese came with large-v3."
            )

    def language_probabilities(self, sound: Samples) -> dict[str, float]:
        """How probable each language is in up to 30 s of speech."""
        return dict(self._model.detect_language(sound)[2])

    def recognise(
        self, sound: Samples, language: str, *, translate: bool, careful: bool = False
    ) -> list[Heard]:
        """What is said in up to 30 s of sound, in that language or translated to English; the same each time.

        Greedy; when `careful` with a beam that may not repeat itself, at about twice the cost. The limits are
        Whisper's own, and only what it takes for silence is left out by them here.
        """
        search = (
            {"beam_size": _BEAM, "no_repeat_ngram_size": _LONGEST_REPEAT} if careful else {"beam_size": 1}
        )
        segments, _ = self._model.transcribe(
            sound,
            language=language,
            task="translate" if translate else "transcribe",
            temperature=0.0,
            compression_ratio_threshold=MAX_COMPRESSION,
            log_prob_threshold=MIN_LOGPROB,
            no_speech_threshold=MAX_NO_SPEECH,
            condition_on_previous_text=False,
            word_timestamps=True,
            **search,
        )
        return heard(segments)


@lru_cache(maxsize=1)
def recogniser(folder: Path, threads: int) -> Recogniser:
    """The model in the folder, loaded once; another one takes its place."""
    return Recogniser(folder, threads)
