"""What can be translated into what, said before any work."""

from __future__ import annotations

from pathlib import Path

import pytest

from batuta.errors import InvalidRequest, WeightsMissing
from batuta.services.translator.models import Models, model_in
from batuta.services.translator.pairs import Offer, check_translation, code_of
from batuta.services.translator.ways import Engine, Pair, Route
from batuta.weights import Weights

PT = Offer(frozenset({Pair("en", "pt"), Pair("pt", "en")}))
MORE = Offer(
    frozenset({Pair("en", "pt"), Pair("es", "en"), Pair("de", "en"), Pair("en", "de"), Pair("es", "pt")})
)


def fill(folder: Path, *files: str) -> None:
    folder.mkdir(parents=True)
    for name in files:
        (folder / name).write_bytes(b"x")


def models(folder: Path) -> Models:
    return Models(Weights(folder), folder)


def test_what_has_a_model_is_translated_directly() -> None:
    """The direct way is taken although there is one through English, too."""
    assert MORE.route("es", "pt") == Route.through("es", "pt")


def test_what_has_none_goes_through_english_and_says_so() -> None:
    """Both legs are there: the way is the two of them."""
    found = MORE.route("es", "de")
    assert found == Route.through("es", "en", "de")
    assert found.pivot == "en"
    assert str(found) == "es → de (through en)"


@pytest.mark.parametrize(("source", "target"), [("pt", "de"), ("fr", "pt"), ("en", "es"), ("de", "de")])
def test_a_pair_that_cannot_be_is_refused_with_what_can(source: str, target: str) -> None:
    """The message names the pairs there are, and what to do for more."""
    with pytest.raises(InvalidRequest, match=r"Possible: .*es → pt.*bergamot/.*Apertium.*TRANSLATOR_OPENAI"):
        MORE.route(source, target)


@pytest.mark.parametrize(
    ("language_in", "language_out"),
    [
        ("en", "pt"),
        ("auto", "pt"),
        ("auto", "en"),
        ("en-US", "pt-BR"),
        ("Portuguese", "English"),
        ("fr", "fr"),
    ],
)
def test_what_may_be_possible_is_let_through(language_in: str, language_out: str) -> None:
    """Regions do not matter, nor does a language into itself; `auto` may turn out to be the right one."""
    check_translation(language_in, language_out, PT)


@pytest.mark.parametrize(
    ("language_in", "language_out", "words"),
    [
        ("fr", "pt", r"French \(fr\) cannot be translated into Portuguese \(pt\)"),
        ("auto", "ja", r"nothing can be translated into Japanese \(ja\)"),
        ("en", "klingon", "'klingon' is no language"),
        ("en", "auto", "name the language to translate into"),
        ("xx", "pt", "'xx' is no language"),
    ],
)
def test_what_is_impossible_is_refused_before_any_work(
    language_in: str, language_out: str, words: str
) -> None:
    """Each with a message that says which value is wrong."""
    with pytest.raises(InvalidRequest, match=words):
        check_translation(language_in, language_out, PT)


def test_a_language_model_does_not_choose() -> None:
    """With one configured every language goes into every other."""
    offer = Offer(frozenset(), anything=True)
    check_translation("auto", "ja", offer)
    assert offer.route("ja", "sw") == Route.through("ja", "sw", engine=Engine.CHAT)
    with pytest.raises(InvalidRequest):
        check_translation("en", "klingon", offer)


def test_a_house_without_models_says_so() -> None:
    """No list of nothing."""
    with pytest.raises(InvalidRequest, match="No pair of languages has its models"):
        check_translation("en", "pt", Offer(frozenset()))


def test_languages_are_known_by_code_and_name() -> None:
    """As other services write them."""
    assert [code_of(each) for each in ("pt-BR", "PORTUGUESE", "auto", "nb")] == ["pt", "pt", None, "no"]


def test_the_catalogue_has_english_and_portuguese(tmp_path: Path) -> None:
    """Both ways, without anything on the disk."""
    assert models(tmp_path).pairs() == {Pair("en", "pt"), Pair("pt", "en")}


def test_an_operators_folder_adds_a_pair(tmp_path: Path) -> None:
    """As `fxtranslate models add` leaves it; folders that hold no model are passed over."""
    shelf = tmp_path / "bergamot"
    fill(shelf / "en-es", "model.enes.intgemm.alphas.bin", "vocab.enes.spm", "lex.50.50.enes.s2t.bin")
    fill(shelf / "en-ja", "model.enja.intgemm.alphas.bin", "srcvocab.enja.spm", "trgvocab.enja.spm")
    fill(shelf / "en-de", "model.ende.intgemm.alphas.bin")
    fill(shelf / "notes", "model.x.bin", "vocab.x.spm")
    found = models(tmp_path).pairs()
    assert found == {Pair("en", "pt"), Pair("pt", "en"), Pair("en", "es"), Pair("en", "ja")}
    assert Offer(found).route("pt", "es").pivot == "en"
    japanese = model_in(shelf / "en-ja", Pair("en", "ja"))
    assert japanese is not None
    assert japanese["source_vocabulary"].endswith("srcvocab.enja.spm")
    assert japanese["target_vocabulary"].endswith("trgvocab.enja.spm")
    assert japanese["shortlist"] is None


@pytest.mark.anyio
async def test_an_operators_model_goes_before_the_catalogues(tmp_path: Path) -> None:
    """Somebody put it there to be used; and results made with the other one answer no more."""
    catalogued = models(tmp_path).identity()
    fill(tmp_path / "bergamot" / "en-pt", "model.enpt.intgemm.alphas.bin", "vocab.enpt.spm")
    found = await models(tmp_path).of(Pair("en", "pt"))
    assert found["model"] == str(tmp_path / "bergamot" / "en-pt" / "model.enpt.intgemm.alphas.bin")
    assert models(tmp_path).identity() != catalogued


@pytest.mark.anyio
async def test_a_model_that_was_taken_away_is_named(tmp_path: Path) -> None:
    """Between the check and the work the operator cleaned up."""
    with pytest.raises(WeightsMissing, match="en-es"):
        await models(tmp_path).of(Pair("en", "es"))
