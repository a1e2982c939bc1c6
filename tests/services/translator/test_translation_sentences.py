"""Sentences out of transcriptions, and translations back into their time."""

from __future__ import annotations

import json
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from speeches import EN_PT, HOSTILE, LANGUAGES, document, heard, spoken, unspaced

from batuta.media import Segment, Transcription, Word, cues_from_words, profile_named
from batuta.media.scripts import columns
from batuta.services.translator.documents import transcription_in, translated, written
from batuta.services.translator.lines import Outcome
from batuta.services.translator.sentences import (
    LONGEST_COLUMNS,
    LONGEST_WORDS,
    Sentence,
    Stretch,
    sentences_of,
)
from batuta.services.translator.spreading import spread
from batuta.services.translator.ways import Route


def texts(transcription: Transcription) -> list[str]:
    return [sentence.text for sentence in sentences_of(transcription)]


def test_segments_that_share_a_sentence_are_one() -> None:
    """Whisper ends a segment in the middle of a sentence; the translator gets the whole."""
    first = Segment(0, 1, "It was the", (Word("It", 0, 0.2), Word("was", 0.2, 0.5), Word("the", 0.5, 1)))
    second = Segment(
        1, 2, "best of times. It", (Word("best", 1, 1.5), Word("day.", 1.5, 1.8), Word("We", 1.9, 2))
    )
    assert texts(Transcription("en", 1, 2, (first, second))) == ["It was the best day.", "We"]


def test_a_sentence_ends_at_its_mark_and_not_at_an_abbreviation() -> None:
    """`Dr.` shortens a word, `?` ends a sentence."""
    found = texts(spoken("Dr. Smith is here. Is he? Yes!"))
    assert found == ["Dr. Smith is here.", "Is he?", "Yes!"]


def test_a_long_silence_ends_a_sentence() -> None:
    """Over 1.5 s nobody goes on with a sentence; over 1 s somebody may."""
    assert texts(spoken("one two ~2 three")) == ["one two", "three"]
    assert texts(spoken("one two ~1 three")) == ["one two three"]


def test_speech_without_punctuation_is_cut_at_its_pauses() -> None:
    """5,000 words in a row become texts a small model can read, each ending where the speaker took breath."""
    breath = " ".join(["word"] * 40)
    found = sentences_of(spoken(" ~0.6 ".join([breath] * 125)))
    assert sum(len(sentence.text.split()) for sentence in found) == 5000
    assert {len(sentence.text.split()) for sentence in found} == {40}


def test_a_segment_without_words_shares_its_time_by_width() -> None:
    """A service that times segments only still gives every sentence its own time."""
    found = sentences_of(Transcription("en", 1, 10, (Segment(2, 4, "Aaaa. Bbbb."),)))
    assert [(each.text, each.start, each.end) for each in found] == [
        ("Aaaa.", 2000, 3000),
        ("Bbbb.", 3000, 4000),
    ]


def test_silence_has_no_sentences() -> None:
    """Nothing said is a valid transcription."""
    assert sentences_of(Transcription("en", 0, 10, ())) == ()


@settings(deadline=None, max_examples=60)
@given(HOSTILE)
def test_no_character_is_lost_and_the_order_is_kept(transcription: Transcription) -> None:
    """Whatever the words and their times, the sentences hold all of them once, in order and in time."""
    found = sentences_of(transcription)
    assert unspaced("".join(each.text for each in found)) == heard(transcription)
    assert [each.id for each in found] == list(range(len(found)))
    for each in found:
        assert each.text.strip()
        assert columns(each.text) <= LONGEST_COLUMNS
        assert len(each.text.split()) <= LONGEST_WORDS
        edges = [edge for stretch in each.stretches for edge in (stretch.start, stretch.end)]
        assert edges == sorted(edges)
    assert all(left.end <= right.start for left, right in pairwise(found))


def test_words_are_spread_by_their_width() -> None:
    """A word twice as wide takes twice the time."""
    assert spread(["ab", "abcd"], Sentence(0, "", (Stretch(1000, 1600),))) == [(1000, 1200), (1200, 1600)]


def test_no_word_is_said_in_a_pause() -> None:
    """Speech before and after a second of silence: every word is wholly on one side of it."""
    sentence = Sentence(0, "", (Stretch(0, 1000), Stretch(2000, 3000)))
    assert spread(["aa", "aaa", "a"], sentence) == [(0, 666), (2000, 2666), (2666, 3000)]


def test_words_without_measured_time_share_the_whole() -> None:
    """Stretches that all last nothing are no reason to put every word on one instant."""
    sentence = Sentence(0, "", (Stretch(0, 0), Stretch(900, 900)))
    assert spread(["a", "b", "c"], sentence) == [(0, 300), (300, 600), (600, 900)]


SAID = st.one_of(st.just("sim"), st.text(min_size=1, max_size=200), st.just("não " * 50)).filter(str.strip)


@settings(deadline=None, max_examples=60)
@given(HOSTILE, LANGUAGES, st.data())
def test_every_sentence_keeps_its_time_whatever_it_becomes(
    transcription: Transcription, target: str, data: st.DataObject
) -> None:
    """Segments in order, each at its sentence's time, its words in order within it, no text lost."""
    sentences = sentences_of(transcription)
    outcome = Outcome()
    for each in sentences:
        if data.draw(st.booleans()):
            outcome.texts[each.id] = data.draw(SAID)
        else:
            outcome.kept[each.id] = "why not"
    body = json.loads(
        written(translated(transcription, sentences, outcome, Route.through("en", target), "test"))
    )
    assert len(body["segments"]) == len(sentences)
    for sentence, segment in zip(sentences, body["segments"], strict=True):
        assert (segment["id"], segment["source"]) == (sentence.id, sentence.text)
        assert [segment["start"], segment["end"]] == [sentence.start / 1000, sentence.end / 1000]
        said = outcome.texts.get(sentence.id, sentence.text)
        assert unspaced(segment["text"]) == unspaced(said)
        assert unspaced("".join(word["word"] for word in segment["words"])) == unspaced(said)
        edges = [edge for word in segment["words"] for edge in (word["start"], word["end"])]
        assert [segment["start"], *edges, segment["end"]] == sorted(
            [segment["start"], *edges, segment["end"]]
        )
    again = transcription_in(json.dumps(body).encode())
    assert len(again.segments) == len(sentences)


def test_cues_of_a_translation_come_when_it_is_said() -> None:
    """The document gives cues on its sentences' speech, with nothing lost."""
    speech = spoken("The door is open. ~3 We can go out now, if you want to.")
    sentences = sentences_of(speech)
    outcome = Outcome({0: "A porta está aberta.", 1: "Podemos sair agora, se quiser."})
    body = written(translated(speech, sentences, outcome, EN_PT, "test"))
    cues = cues_from_words(transcription_in(body), profile_named("default").for_language("pt")).cues
    assert [cue.plain for cue in cues] == ["A porta está aberta.", "Podemos sair agora, se quiser."]
    assert [cue.start for cue in cues] == [sentences[0].start / 1000, sentences[1].start / 1000]


def test_a_document_says_what_was_done() -> None:
    """Both languages, the pivot, the engines, and the sentences that stayed as they were."""
    speech = spoken("One. Two.")
    body = translated(
        speech,
        sentences_of(speech),
        Outcome({0: "Um."}, {1: "no answer"}),
        Route.through("es", "en", "pt"),
        "x",
    )
    assert (body["language_detected"], body["translated_from"], body["pivot"]) == ("pt", "es", "en")
    assert body["full_text"] == "Um. Two."
    assert body["engine"] == "test + x"
    assert body["warnings"] == ["sentence 1 at 1.4 s is not translated: no answer"]


def test_warnings_stay_readable() -> None:
    """Of a hundred failures twenty are named and the others counted."""
    speech = spoken(" ".join(["No."] * 100))
    sentences = sentences_of(speech)
    kept = Outcome(kept={each.id: "no answer" for each in sentences})
    found = translated(speech, sentences, kept, EN_PT, "x")["warnings"]
    assert (len(found), found[-1]) == (21, "80 more are not translated")


def test_a_document_is_read_as_other_services_write_it() -> None:
    """`language` and `text` instead of `language_detected` and `word`, no words at all, fields left out."""
    words = [{"text": " hi ", "start": "0.5", "end": 1}]
    body = {"language": "english", "segments": [{"start": 0, "end": 2, "words": words, "x": None}]}
    found = transcription_in(json.dumps(body).encode())
    assert found.language == "english"
    assert found.segments[0].words == (Word("hi", 0.5, 1.0),)
    assert (
        transcription_in(document(Transcription("en", 0, 1, (Segment(0, 1, "a"),)), words=None)).text == "a"
    )
