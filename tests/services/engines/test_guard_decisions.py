"""What of Whisper's hearing is believed: tables of cases for the pure decisions."""

from __future__ import annotations

import pytest
from overheard import fast, paced, segment, texts

from batuta.services.transcriber.chunks import Span
from batuta.services.transcriber.gaps import filled, unheard
from batuta.services.transcriber.guards import Verdict, is_sure, verdict
from batuta.services.transcriber.heard import Heard
from batuta.services.transcriber.loops import find_loops, without_loops

KEEP, DOUBT, DROP = Verdict.KEEP, Verdict.DOUBT, Verdict.DROP


@pytest.mark.parametrize(
    ("said", "speech_seconds", "expected"),
    [
        pytest.param(segment("It was the best of times."), 3.0, KEEP, id="sure speech"),
        pytest.param(
            segment("Well, it was.", no_speech_prob=0.7), 3.0, KEEP, id="sure, though it sounds quiet"
        ),
        pytest.param(segment("Well, it was.", avg_logprob=-1.1), 3.0, DOUBT, id="a guess"),
        pytest.param(
            segment("Well.", avg_logprob=-1.1, no_speech_prob=0.61), 3.0, DROP, id="Whisper's silence"
        ),
        pytest.param(
            segment("Well.", avg_logprob=-0.9, no_speech_prob=0.61), 3.0, KEEP, id="just not silence"
        ),
        pytest.param(segment("Go and go and go.", compression_ratio=2.5), 3.0, DOUBT, id="repeats itself"),
        pytest.param(
            segment("Go and go and go.", compression_ratio=2.4), 3.0, KEEP, id="nearly repeats itself"
        ),
        pytest.param(
            Heard(0, 3, "go go go go", (), -0.2, 0.1, 2.5),
            3.0,
            DROP,
            id="repeats itself, and no times to tell",
        ),
        pytest.param(segment(" [Music]"), 3.0, DROP, id="an annotation"),
        pytest.param(segment("(audience laughing)"), 3.0, DROP, id="another"),
        pytest.param(segment("*sighs*"), 3.0, DROP, id="a third"),
        pytest.param(segment("♪ ♪"), 3.0, DROP, id="notes"),
        pytest.param(segment("..."), 3.0, DROP, id="punctuation alone"),
        pytest.param(segment("He said [sic] so."), 3.0, KEEP, id="brackets in a sentence"),
        pytest.param(segment("Thank you."), 1.0, KEEP, id="thanks that are heard well"),
        pytest.param(segment("Thank you.", no_speech_prob=0.7), 1.0, DROP, id="thanks in silence"),
        pytest.param(segment("Thanks for watching!", avg_logprob=-1.08), 2.0, DROP, id="guessed thanks"),
        pytest.param(segment("you", seconds=1.4), 0.3, DROP, id="a closing longer than its speech"),
        pytest.param(
            segment("ご視聴ありがとうございました", no_speech_prob=0.7), 2.0, DROP, id="in Japanese"
        ),
        pytest.param(segment("Subtitles by the Amara.org community"), 3.0, DROP, id="credits, however sure"),
        pytest.param(fast("I'm not sure if I can do it."), 3.0, DROP, id="words without length"),
        pytest.param(fast("Oh no"), 3.0, KEEP, id="two instant words say nothing"),
        pytest.param(
            segment("Thanks to all of you for coming here."), 0.2, DROP, id="more than so little speech"
        ),
        pytest.param(segment("No."), 0.1, KEEP, id="a short answer"),
    ],
)
def test_a_segment_is_kept_doubted_or_dropped(said: Heard, speech_seconds: float, expected: Verdict) -> None:
    """By its measures, the lengths of its words, and the speech around it."""
    assert verdict(said, speech_seconds) is expected


@pytest.mark.parametrize("instant", [2, 3])
def test_half_of_the_words_may_have_no_length(instant: int) -> None:
    """Not more (stable-ts)."""
    words = [*fast("a b c d").words[:instant], *segment("e f g h").words[instant:]]
    assert (verdict(segment("x").with_words(words), 9.0) is DROP) == (instant > 2)


@pytest.mark.parametrize(
    ("said", "sure"),
    [
        (segment("It was the best of times."), True),
        (segment("It was the best of times.", avg_logprob=-1.1), False),
        (segment("It was the best of times.", no_speech_prob=0.7), False),
        (segment("Thank you."), False),
    ],
)
def test_where_nothing_was_heard_before_more_is_asked(said: Heard, sure: bool) -> None:  # noqa: FBT001  # a table
    """A second hearing of a stretch must leave no doubt."""
    assert is_sure(said, 3.0) is sure


SENTENCE = "I will not do it again."


@pytest.mark.parametrize(
    ("words", "left"),
    [
        pytest.param(paced("the the the the", 0.02), "the", id="one word in no time"),
        pytest.param(paced("no, no, no", 0.25), "no, no, no", id="no, three times, quickly"),
        pytest.param(paced("No, no, no, no, no!", 0.2), "No, no, no, no, no!", id="no, five times"),
        pytest.param(paced("la " * 24, 0.3), ("la " * 24).strip(), id="a refrain"),
        pytest.param(
            paced(f"{SENTENCE} " * 10, 3 / 60), SENTENCE, id="a sentence ten times in three seconds"
        ),
        pytest.param(paced(f"{SENTENCE} " * 4, 0.3), f"{SENTENCE} " * 4, id="a sentence four times, spoken"),
        pytest.param(paced("so very so very", 0.01), "so very so very", id="twice is no loop"),
        pytest.param(
            paced("We came and then and then and then and then home", 0.03),
            "We came and then home",
            id="in the middle of a sentence",
        ),
        pytest.param(
            paced("It was it was, IT WAS it was", 0.02), "It was", id="whatever its case and commas"
        ),
        pytest.param(paced("a a a a", 0.08), "a", id="a letter, faster than any word"),
        pytest.param(
            paced("incomprehensible " * 3, 0.2), "incomprehensible", id="long words, faster than speech"
        ),
        pytest.param([], "", id="nothing"),
    ],
)
def test_loops_are_cut_to_their_first_occurrence(words: list[object], left: str) -> None:
    """Where they are faster than speech; what people repeat stays."""
    kept = without_loops([segment("x").with_words(words)] if words else [])
    assert " ".join(texts(kept)) == left.strip()


def test_a_pause_in_a_loop_does_not_hide_it() -> None:
    """Whisper stretches one of the repetitions over seven seconds: the others tell the pace."""
    words = paced("go on " * 6, 0.03)
    late = [word if index < 6 else word.__class__(word.word, word.start + 7, word.end + 7, 0.9)
            for index, word in enumerate(words)]  # fmt: skip
    (loop,) = find_loops(late)
    assert (loop.start, loop.length, loop.times) == (0, 2, 6)


def test_a_loop_over_several_segments_is_one() -> None:
    """Those that say nothing else are gone; the words around it stay in theirs."""
    words = paced("Listen. " + f"{SENTENCE} " * 5 + "Yes.", 0.04)
    segments = [segment("x").with_words(part) for part in (words[:7], words[7:19], words[19:])]
    assert " | ".join(text.strip() for text in texts(without_loops(segments))) == (
        "Listen. I will not do it again. | Yes."
    )


@pytest.mark.parametrize(("times", "left"), [(3, 3), (4, 1), (30, 1)])
def test_what_a_second_hearing_did_not_confirm_is_cut_at_any_pace(times: int, left: int) -> None:
    """From four times on: rhetoric comes in threes."""
    said = [segment("x").with_words(paced("yeah " * times, 0.4))]
    assert sum(len(part.words) for part in without_loops(said, confirmed=False)) == left
    assert without_loops(said) == said


@pytest.mark.parametrize(
    ("speech", "words", "expected"),
    [
        pytest.param([(0, 10)], [(0, 4), (6, 10)], [(4, 6)], id="in the middle"),
        pytest.param([(0, 10)], [(0, 4), (5.4, 10)], [], id="a second and a half is no stretch"),
        pytest.param([(0, 3), (5, 8)], [(0, 3)], [(5, 8)], id="a whole sentence"),
        pytest.param([(0, 3), (3.5, 4.5)], [(0, 3)], [], id="a short word may be a cough"),
        pytest.param([(0, 9)], [], [(0, 9)], id="all of it"),
        pytest.param([], [(0, 9)], [], id="no speech"),
        pytest.param([(2, 9)], [(0, 4), (3, 5), (8, 12)], [(5, 8)], id="words that overlap and stick out"),
    ],
)
def test_speech_without_words_is_found(
    speech: list[tuple[float, float]], words: list[tuple[float, float]], expected: list[tuple[float, float]]
) -> None:
    """From one and a half seconds on."""
    heard = [segment("x", start=start, seconds=end - start) for start, end in words]
    found = unheard([Span(*span) for span in speech], heard)
    assert [(span.start, span.end) for span in found] == expected


def test_in_a_translation_only_whole_sentences_count() -> None:
    """Its words stand elsewhere than in the original."""
    heard = [segment("x", start=0, seconds=4)]
    found = unheard([Span(0, 10), Span(12, 15)], heard, whole_only=True)
    assert found == [Span(12, 15)]


def test_what_is_found_takes_its_place() -> None:
    """The segment around it is parted, and times keep their order."""
    heard = [segment("one two nine ten", start=0, seconds=2)]
    heard = [heard[0].with_words([*heard[0].words[:2], *(w.words[0] for w in (
        segment("nine", start=6, seconds=0.5), segment("ten", start=7, seconds=0.5)))])]  # fmt: skip
    found = [segment("three four five", start=2, seconds=3)]
    result = filled(heard, Span(1.0, 6.0), found)
    assert [text.split() for text in texts(result)] == [
        ["one", "two"],
        ["three", "four", "five"],
        ["nine", "ten"],
    ]
    starts = [word.start for part in result for word in part.words]
    assert starts == sorted(starts)


def test_words_of_the_neighbours_are_not_said_twice() -> None:
    """Sound around the stretch brings them along; the same words in its middle are said indeed."""
    before = segment("we came, we saw", start=0, seconds=4)
    after = segment("and went home", start=9, seconds=2)
    found = segment("we saw, we saw a lion and", start=3.2, seconds=6.1)
    result = filled([before, after], Span(4.0, 9.0), [found])
    assert [text.strip() for text in texts(result)] == ["we came, we saw", "we saw a lion", "and went home"]


def test_words_said_again_after_a_while_stay() -> None:
    """They are the neighbour's only where the stretch begins or ends."""
    before = segment("we saw", start=0, seconds=4)
    found = segment("we saw a lion", start=5.0, seconds=3)
    assert texts(filled([before], Span(4.0, 9.0), [found])) == ["we saw", "we saw a lion"]


def test_finding_nothing_changes_nothing() -> None:
    """Not even the segments."""
    heard = [segment("one two", start=0, seconds=6)]
    assert filled(heard, Span(2, 4), []) == heard
    assert filled(heard, Span(2, 4), [segment("elsewhere", start=8, seconds=1)]) == heard
