"""The checker finds every fault that is put in, and nothing in cues without fault."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from speaking import ENGLISH

from batuta.media import Cue, Subtitles, check, profile_named
from batuta.media.conformity import HARD_RULES, RULES, Rule

SOUND = tuple(
    Cue(3.0 * index, 3.0 * index + 2.5, ("A line of text", "and another one.")) for index in range(10)
)


def with_fault(rule: Rule, index: int) -> tuple[Cue, ...]:
    cue = SOUND[index]
    faulty = {
        "width": replace(cue, lines=("w" * 43,)),
        "lines": replace(cue, lines=("one", "two", "three")),
        "duration_min": replace(cue, end=cue.start + 0.8, lines=("Short.",)),
        "duration_max": replace(cue, start=cue.start - 0.4, end=cue.start + 8.0),
        "gap": replace(cue, start=cue.start - 0.45),
        "overlap": replace(cue, start=cue.start - 0.6),
        "cps": replace(cue, lines=("c" * 42, "c" * 12)),
        "empty": replace(cue, lines=(" ",)),
    }[rule]
    return (*SOUND[:index], faulty, *SOUND[index + 1 :])


def test_sound_cues_have_no_violations() -> None:
    """Cues that keep every rule are reported as such."""
    found = check(Subtitles("en", SOUND), ENGLISH)
    assert found.violations == ()
    assert (found.cpl_percent, found.cps_percent, found.lpb_percent) == (100.0, 100.0, 100.0)


@settings(deadline=None, max_examples=80)
@given(st.sampled_from([rule for rule in RULES if rule != "duration_max"]), st.integers(1, 8))
def test_one_fault_is_found_where_it_is(rule: Rule, index: int) -> None:
    """One fault gives one violation, of its rule, at its cue."""
    found = check(Subtitles("en", with_fault(rule, index)), ENGLISH)
    assert [(violation.rule, violation.cue_index) for violation in found.violations] == [(rule, index)]
    assert found.hard_violations == (rule in HARD_RULES)


def test_too_long_a_cue_is_found_with_what_it_covers() -> None:
    """A cue of 8.4 s is too long, and overlaps the ones it covers: both, even the second after it."""
    found = check(Subtitles("en", with_fault("duration_max", 2)), ENGLISH)
    assert [(violation.rule, violation.cue_index) for violation in found.violations] == [
        ("duration_max", 2),
        ("overlap", 3),
        ("overlap", 4),
    ]


@pytest.mark.parametrize("off", [-0.001, -0.0004, 0.0, 0.001])
def test_a_millisecond_of_rounding_is_no_fault(off: float) -> None:
    """Durations and gaps a format rounded by a millisecond are forgiven."""
    first = Cue(1.0, 1.0 + 5 / 6 + off, ("text",))
    second = Cue(first.end + 2 / 24 + off, first.end + 2 / 24 + off + 7.0 - off, ("text",))
    assert check(Subtitles("en", (first, second)), ENGLISH).violations == ()


def test_two_milliseconds_are_a_fault() -> None:
    """The tolerance is not a loophole."""
    first = Cue(1.0, 1.0 + 5 / 6 - 0.002, ("text",))
    second = Cue(first.end + 2 / 24 - 0.002, first.end + 9.0, ("text",))
    rules = [violation.rule for violation in check(Subtitles("en", (first, second)), ENGLISH).violations]
    assert rules == ["duration_min", "duration_max", "gap"]


def test_percentages_count_cues_as_iwslt_does() -> None:
    """One of ten cues with two wide lines leaves 90 % conforming in characters per line."""
    cues = (*SOUND[:9], replace(SOUND[9], lines=("w" * 43, "w" * 44), end=SOUND[9].start + 6))
    found = check(Subtitles("en", cues), ENGLISH)
    assert (found.cpl_percent, found.cps_percent, found.lpb_percent) == (90.0, 100.0, 100.0)
    assert [violation.value for violation in found.of("width")] == [44]


def test_profile_decides_what_is_a_fault() -> None:
    """The same Japanese cue keeps the Japanese profile and breaks the narrower speed of none."""
    cue = Cue(1.0, 4.5, ("皆さん、こんにちは。",))
    profile = profile_named("default")
    assert check(Subtitles("ja", (cue,)), profile.for_language("ja")).violations == ()
    assert check(Subtitles("ja", (replace(cue, end=3.0),)), profile.for_language("ja")).of("cps")


def test_report_is_plain_json() -> None:
    """`to_dict()` survives JSON, also for a cue that is never shown."""
    never = Cue(5.0, 5.0, ("w" * 50,))
    report = check(Subtitles("en", (*SOUND[:1], never)), ENGLISH).to_dict()
    assert json.loads(json.dumps(report, allow_nan=False)) == report
    assert report["violations"][0] == {"rule": "width", "cue_index": 1, "value": 50, "limit": 42}


def test_summary_names_each_broken_rule_and_its_worst_cue() -> None:
    """The summary is a short table for people, cues counted from one."""
    lines = check(Subtitles("en", with_fault("width", 4)), ENGLISH).summary().splitlines()
    assert lines[:2] == [
        "10 cues, 1 hard violations (profile default)",
        "conforming: cpl 90.0 %, cps 100.0 %, lpb 100.0 %",
    ]
    assert lines[3].split() == ["width", "42", "1", "43", "5"]
    assert len(check(Subtitles("en", SOUND), ENGLISH).summary().splitlines()) == 2
