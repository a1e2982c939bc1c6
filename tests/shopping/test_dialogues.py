"""Scripted dialogues (`dialogues/*.txt`): after each message the whole requirement is what it must be."""

from __future__ import annotations

from pathlib import Path

import pytest
from dialogues.lexicon import LEXICON
from dialogues.script import Dialogue, changed, dialogues

from batuta.services.products import RequirementSpec
from batuta.shopping.understanding import Context, Vocabulary, understand

DIALOGUES = list(dialogues(Path(__file__).parent / "dialogues"))
VOCABULARY = Vocabulary.of(LEXICON)


@pytest.mark.parametrize("dialogue", DIALOGUES, ids=lambda one: f"{one.file}: {one.title}")
def test_a_dialogue(dialogue: Dialogue):
    """What is wanted after every message; saying a message again changes nothing."""
    expected = RequirementSpec()
    for turn in dialogue.turns:
        where = f"{dialogue.file}.txt:{turn.line}: {turn.message!r}"
        context = Context(spec=expected, question=turn.question, shown=turn.shown)
        heard = understand(turn.message, context, VOCABULARY)
        expected = changed(expected, turn.changes())
        assert heard.spec == expected, where
        assert heard.act.value == turn.expected.get("act", "search"), where
        assert [place + 1 for place in heard.references] == [int(one) for one in turn.said("refs")], where
        assert [notice.code for notice in heard.notices] == turn.said("notes"), where
        assert heard.answered == turn.expected.get("answered"), where
        assert list(heard.declined) == turn.said("declined"), where
        assert heard.new_need == ("new need" in turn.expected), where
        assert bool(heard.changed) == (context.spec != expected), where
        again = understand(turn.message, context.model_copy(update={"spec": heard.spec}), VOCABULARY)
        assert again.spec == heard.spec, where


def test_there_are_dialogues_enough():
    """The issue wants at least 75."""
    assert len(DIALOGUES) >= 75
