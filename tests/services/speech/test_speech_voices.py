"""Who says what: by language, region, the voice asked for, and what is installed."""

from __future__ import annotations

import pytest

from batuta.errors import InvalidRequest
from batuta.services.speech.tongues import tongue_of
from batuta.services.speech.voices import (
    ENGLISH_KOKORO,
    ESPEAK_VOICES,
    HIBARI_VOICES,
    NANOTTS_VOICES,
    OTHER_KOKORO,
    READS,
    Offer,
    check_speech,
)
from batuta.weights import CATALOG

FREE = Offer(ENGLISH_KOKORO + HIBARI_VOICES + NANOTTS_VOICES)
ALL = Offer(ENGLISH_KOKORO + OTHER_KOKORO + HIBARI_VOICES + NANOTTS_VOICES + ESPEAK_VOICES)


@pytest.mark.parametrize(
    ("offer", "language", "voice", "plan"),
    [
        (ALL, "en", None, "kokoro:af_heart hibari:heart nanotts:en-US espeak:en-us"),
        (ALL, "en-GB", None, "kokoro:bf_emma hibari:heart nanotts:en-GB espeak:en"),
        (ALL, "pt-BR", None, "kokoro:pf_dora espeak:pt-br"),
        (ALL, "pt", None, "kokoro:pf_dora espeak:pt"),
        (ALL, "Spanish", None, "kokoro:ef_dora nanotts:es-ES espeak:es"),
        (ALL, "de", None, "nanotts:de-DE espeak:de"),
        (ALL, "zh-Hans-CN", None, "espeak:cmn"),
        (ALL, "nb", None, "espeak:nb"),
        (ALL, "eo", None, "espeak:eo"),
        (ALL, "fr-CH", "espeak", "espeak:fr-ch kokoro:ff_siwis nanotts:fr-FR"),
        (ALL, "es-419", "espeak", "espeak:es-419 kokoro:ef_dora nanotts:es-ES"),
        (ALL, "pt", "kokoro:pm_alex", "kokoro:pm_alex espeak:pt"),
        (ALL, "en", "hibari", "hibari:heart kokoro:af_heart nanotts:en-US espeak:en-us"),
        (ALL, "pt", "espeak:pt-br", "espeak:pt-br kokoro:pf_dora"),
        (ALL, "es_MX", " ESPEAK ", "espeak:es kokoro:ef_dora nanotts:es-ES"),
        (ALL, "en-GB", "Kokoro", "kokoro:bf_emma hibari:heart nanotts:en-GB espeak:en"),
        (FREE, "en", None, "kokoro:af_heart hibari:heart nanotts:en-US"),
        (FREE, "es", None, "nanotts:es-ES"),
        (FREE, "fr-CA", None, "nanotts:fr-FR"),
        (Offer(HIBARI_VOICES), "en-GB", None, "hibari:heart"),
    ],
)
def test_the_best_voice_says_it_and_the_others_stand_by(
    offer: Offer, language: str, voice: str | None, plan: str
) -> None:
    """One voice of each engine that has the language, of the region asked for where there is one."""
    assert " ".join(map(str, offer.plan(language, voice))) == plan


@pytest.mark.parametrize(
    ("offer", "language", "voice", "says"),
    [
        (
            FREE,
            "ru",
            None,
            r"nobody here speaks Russian \(ru\)\. Possible: de, en, es, fr, it\..*batuta\[gpl\]",
        ),
        (FREE, "pt", "kokoro", r"kokoro does not speak Portuguese \(pt\).*batuta\[gpl\]"),
        (
            FREE,
            "es",
            "kokoro:ef_dora",
            r"no voice here is called 'kokoro:ef_dora'.*nanotts:es-ES.*batuta\[gpl\]",
        ),
        (ALL, "ja", None, r"nobody here speaks Japanese \(ja\)\. Possible: af, .* more\.$"),
        (ALL, "es", "kokoro:pf_dora", r"kokoro:pf_dora does not speak Spanish.*kokoro:ef_dora.*espeak:es"),
        (ALL, "es", "kokoro:../../etc", r"no voice here is called .*kokoro:ef_dora"),
        (ALL, "es", "", r"no voice here is called ''"),
        (ALL, "auto", None, "name the language"),
        (ALL, "klingon", None, "'klingon' is no language"),
        (ALL, "", None, "'' is no language"),
        (Offer(()), "en", None, r"No engine is installed"),
    ],
)
def test_what_nobody_can_say_is_refused_with_what_is_possible(
    offer: Offer, language: str, voice: str | None, says: str
) -> None:
    """Before any work; the message says what to ask for instead, and what to install."""
    with pytest.raises(InvalidRequest, match=says):
        check_speech(language, voice, offer)


def test_every_voice_of_kokoros_is_in_the_catalogue_and_has_a_reader() -> None:
    """A voice offered is a file pinned, and espeak-ng has the voice that reads its language."""
    files = {file.path for file in CATALOG["kokoro-voices"].files}
    assert {f"{voice.name}.bin" for voice in ENGLISH_KOKORO + OTHER_KOKORO} == files
    assert {voice.tongue.code for voice in OTHER_KOKORO} == READS.keys()
    assert set(READS.values()) <= {voice.name for voice in ESPEAK_VOICES}


def test_every_language_has_a_default_and_no_voice_is_there_twice() -> None:
    """More than ninety of them with espeak-ng."""
    assert len(ALL.languages) > 85
    assert len({str(voice) for voice in ALL.voices}) == len(ALL.voices)
    assert str(tongue_of("pt-BR")) == "Portuguese (pt-BR)"
