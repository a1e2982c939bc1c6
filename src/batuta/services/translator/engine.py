"""Lines in, the same lines in another language out, by Bergamot (fxtranslate) and Firefox models.

Every line is answered under its own id, or left out when the engine breaks on it. Runs in a worker process:
`fxtranslate.Translator` is bound to its thread, and a crash in native code ends nobody else's work.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Final

from fxtranslate import Translator

from batuta.errors import WeightsCorrupt
from batuta.services.translator.carrying import translated_around
from batuta.services.translator.contract import Model, TranslateResult, TranslateTask
from batuta.services.translator.phrasebook import phrase
from batuta.services.translator.vocabulary import known_characters
from batuta.services.translator.ways import Pair

_LOADED: Final = 4
"""Models kept in memory, 60 MB each: two pairs and the ways back."""
_MAY_BE_CUT: Final = 100
"""A text of fewer characters always fits into what the model reads at once."""
_TOO_SHORT: Final = 0.6
"""A translation of a long text that has less than this share of its characters was cut off."""


def translate(task: TranslateTask, report: Callable[[float], None]) -> TranslateResult:
    """Do the task; raises `WeightsCorrupt` for models that cannot be loaded."""
    lines: list[tuple[int, str]] = json.loads(Path(task["input"]).read_bytes())
    legs = [_loaded(tuple(model.items())) for model in task["models"]]
    answered: list[tuple[int, str]] = []
    for done, (number, text) in enumerate(lines, 1):
        said = _said(text, legs)
        if said is not None:
            answered.append((number, said))
        report(100 * done / len(lines))
    Path(task["output"]).write_text(json.dumps(answered), encoding="utf-8")
    return TranslateResult(answered=len(answered))


class _Leg:
    """One model at work."""

    def __init__(self, model: Model) -> None:
        source = Path(model["source_vocabulary"]).read_bytes()
        target = Path(model["target_vocabulary"]).read_bytes()
        shortlist = None if model["shortlist"] is None else Path(model["shortlist"]).read_bytes()
        self._translator = Translator(Path(model["model"]).read_bytes(), source, target, shortlist)
        self._known = known_characters(source)
        self._pair = Pair(model["source"], model["target"])

    def say(self, text: str) -> str:
        """The text in the other language."""
        return phrase(text, self._pair) or translated_around(text, self._known, self._whole)

    def _whole(self, text: str) -> str:
        """The translation of all of it: the engine drops, without a sign, what is too long for the model."""
        said = self._translator.translate(text)
        if len(text) > _MAY_BE_CUT and len(said) < _TOO_SHORT * len(text):
            said = max(said, self._translator.translate_long(text), key=len)
        return said.strip()


def _said(text: str, legs: list[_Leg]) -> str | None:
    """The text through every leg; None when the engine breaks on it."""
    try:
        for leg in legs:
            text = leg.say(text)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:  # noqa: BLE001  # a panic in Rust arrives as a BaseException
        return None
    return text


@lru_cache(maxsize=_LOADED)
def _loaded(model: tuple[tuple[str, str | None], ...]) -> _Leg:
    """The model, loaded once (50 ms)."""
    found: Model = dict(model)  # pyright: ignore[reportAssignmentType]  # a Model, hashable for the cache
    try:
        return _Leg(found)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        raise WeightsCorrupt(
            f"{found['model']} and its vocabulary cannot be loaded ({error}): pull them again"
        ) from error
