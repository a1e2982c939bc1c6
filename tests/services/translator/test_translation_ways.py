"""Which way a translation goes, by what is installed."""

from __future__ import annotations

import pytest

from batuta.services.translator.pairs import Offer
from batuta.services.translator.ways import Engine, Pair, Route, best_routes

CATALOGUE = "en-pt pt-en"
DEBIAN = "en-es es-en es-pt pt-es"
"""apertium-eng-spa and apertium-es-pt."""

MODEL, RULES = Engine.BERGAMOT, Engine.APERTIUM


def pairs(names: str) -> frozenset[Pair]:
    return frozenset(Pair(*name.split("-")) for name in names.split())


def way(models: str, rules: str, wanted: str) -> str | None:
    """Who does which legs."""
    route = best_routes(pairs(models), pairs(rules)).get(Pair(*wanted.split("-")))
    return None if route is None else route.done_by


@pytest.mark.parametrize(
    ("models", "rules", "wanted", "expected"),
    [
        (CATALOGUE, "", "en-pt", "bergamot:en-pt"),
        (CATALOGUE, DEBIAN, "en-pt", "bergamot:en-pt"),
        (CATALOGUE, "", "en-es", None),
        # a model before everything, two through English before rules
        ("en-es", DEBIAN, "en-es", "bergamot:en-es"),
        ("es-en en-pt", DEBIAN, "es-pt", "bergamot:es-en+en-pt"),
        ("en-pt", DEBIAN, "es-pt", "apertium:es-pt"),
        # a model and rules between close languages before rules between others
        (CATALOGUE, DEBIAN, "en-es", "bergamot:en-pt+apertium:pt-es"),
        (CATALOGUE, DEBIAN, "es-en", "apertium:es-pt+bergamot:pt-en"),
        ("", DEBIAN, "en-es", "apertium:en-es"),
        (CATALOGUE, "en-es es-en", "en-es", "apertium:en-es"),
        ("", "oc-ca ca-es oc-es", "oc-es", "apertium:oc-es"),
        ("", "eu-es es-pt eu-pt", "eu-pt", "apertium:eu-pt"),
        ("en-es", "es-ca en-ca", "en-ca", "bergamot:en-es+apertium:es-ca"),
        # through any language where rules help, and only then
        ("", "fr-es es-pt", "fr-pt", "apertium:fr-es+es-pt"),
        ("fr-es es-pt", "", "fr-pt", None),
        ("de-es es-fr", "es-pt", "de-fr", None),
        # English rather than another language that costs the same
        ("de-en de-fr", "en-cy fr-cy", "de-cy", "bergamot:de-en+apertium:en-cy"),
        # three legs where there is nothing else
        ("de-en en-pt", "pt-es", "de-es", "bergamot:de-en+en-pt+apertium:pt-es"),
        ("de-en en-pt", "pt-es de-es", "de-es", "apertium:de-es"),
        ("de-en en-pt", "pt-es es-ca", "de-ca", None),
        ("de-en en-fr fr-en", "", "de-de", None),
    ],
)
def test_the_best_way_is_found(models: str, rules: str, wanted: str, expected: str | None) -> None:
    """By what each leg costs; None where there is no way."""
    assert way(models, rules, wanted) == expected


def test_without_apertium_there_is_what_there_was() -> None:
    """Models directly, and two through English, for every set of them."""
    models = pairs("en-pt es-en de-en en-de es-pt pt-fr")
    expected = {*models, *pairs("es-de de-pt")}
    assert set(best_routes(models, frozenset())) == expected
    assert all(route.pivot in {None, "en"} for route in best_routes(models, frozenset()).values())


def test_a_route_says_who_does_what() -> None:
    """To people, and in parts for the engines."""
    route = best_routes(pairs("de-en en-pt"), pairs("pt-es"))[Pair("de", "es")]
    assert str(route) == "de → es (through en, pt, with Apertium)"
    assert route.parts == (Route.through("de", "en", "pt"), Route.through("pt", "es", engine=RULES))
    assert [leg.engine for leg in route.legs] == [MODEL, MODEL, RULES]
    assert str(Route.through("en", "es", engine=RULES)) == "en → es (with Apertium)"


def test_direct_ways_are_listed_first() -> None:
    """And no way leads from a language into itself, or through one twice."""
    found = Offer(pairs(CATALOGUE), pairs(DEBIAN)).routes
    assert [len(route.legs) for route in found.values()] == [1, 1, 1, 1, 2, 2]
    for route in best_routes(pairs("en-pt pt-en de-en en-de"), pairs(DEBIAN + " es-ca ca-es pt-ca")).values():
        passed = [route.source, *(leg.pair.target for leg in route.legs)]
        assert len(set(passed)) == len(passed)
