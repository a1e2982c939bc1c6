"""Which languages can be translated into which, decided before any work. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

from batuta.errors import InvalidRequest
from batuta.services.transcriber.languages import LANGUAGES, spoken
from batuta.services.translator.ways import Engine, Pair, Route, best_routes

_NAMED: Final = 40
"""Pairs that an error message names."""
_CODES: Final = {name.lower(): code for code, name in LANGUAGES.items()}


@dataclass(frozen=True)
class Offer:
    """What a translator can do: pairs with a model, pairs with rules, and what they make together; or any."""

    direct: frozenset[Pair]
    rules: frozenset[Pair] = frozenset()
    """What Apertium has rules for."""
    anything: bool = False
    """Every pair of `LANGUAGES`: a configured language model does not choose."""

    @cached_property
    def routes(self) -> dict[Pair, Route]:
        """Every way there is, direct ones first; without those that `anything` adds."""
        return best_routes(self.direct, self.rules)

    def route(self, source: str, target: str) -> Route:
        """The way from one into the other; raises `InvalidRequest` that names what is possible."""
        if self.anything:
            return Route.through(source, target, engine=Engine.CHAT)
        found = self.routes.get(Pair(source, target))
        if found is None:
            raise InvalidRequest(
                f"{_named(source)} cannot be translated into {_named(target)} here. {self._possible()} "
                f"For more, put Firefox models into the folder bergamot/{Pair(source, target)} of "
                "BATUTA_MODELS, install Apertium with its data for the pair, or set "
                "TRANSLATOR_OPENAI_BASE_URL."
            )
        return found

    def check_target(self, target: str) -> None:
        """Raise `InvalidRequest` when no language at all can be translated into this one."""
        if not self.anything and all(pair.target != target for pair in self.routes):
            raise InvalidRequest(f"nothing can be translated into {_named(target)} here. {self._possible()}")

    def _possible(self) -> str:
        if not self.routes:
            return "No pair of languages has its models."
        names = list(map(str, self.routes.values()))
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        return f"Possible: {', '.join(names[:_NAMED])}{more}."


def check_translation(language_in: str, language_out: str, offer: Offer) -> None:
    """Raise `InvalidRequest` for a translation that cannot be done, as far as is known before the speech is.

    With `auto` the language of the speech decides later, in the stage itself. English out of speech is the
    recogniser's own work and needs no check here.
    """
    source, target = code_of(language_in), target_of(language_out)
    if source is None:
        offer.check_target(target)
    elif source != target:
        offer.route(source, target)


def code_of(language: str) -> str | None:
    """The code of a language given by code or English name; None for `auto`.

    Raises `InvalidRequest` for what is no language.
    """
    return spoken(_CODES.get(language.strip().lower(), language))


def target_of(language_out: str) -> str:
    """The code to translate into; raises `InvalidRequest` for `auto` and for what is no language."""
    code = code_of(language_out)
    if code is None:
        raise InvalidRequest(f"language_out is {language_out!r}: name the language to translate into")
    return code


def _named(code: str) -> str:
    return f"{LANGUAGES.get(code, code)} ({code})"
