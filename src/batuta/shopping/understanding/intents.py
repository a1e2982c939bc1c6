"""What somebody does with a message: searches, compares, goes on, begins anew."""

from __future__ import annotations

import re
from typing import Final

from batuta.shopping.understanding.hearing import Hearing
from batuta.shopping.understanding.models import Act
from batuta.shopping.understanding.references import refer_to_all
from batuta.shopping.understanding.senses import Sense

_CODE: Final = re.compile(
    r"""
    \bselect\b.{1,200}\bfrom\b.{1,80}(?:;|\bwhere\b|\b\w+\s*=)   # SQL
  | \bselect\s+\*
  | \b(?:drop|alter|truncate)\s+(?:table|database)\b
  | \binsert\s+into\b | \bdelete\s+from\b | \bunion\s+(?:all\s+)?select\b
  | '\s*or\s*'?1'?\s*=\s*'?1 | ;\s*--
  | <\s*/?\s*(?:script|html|body|div|img|iframe|svg)\b            # HTML
  | \b(?:def|function|class|import|print|return|console\.log|var|const)\b[^.?]{0,80}[({=][^.?]{0,80}[)};]
  | \$\{ | \{\{ | \.\./\.\./ | =>\s*\{ | \#include\b
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_INSTRUCTIONS: Final = re.compile(
    r"""
    \b(?:please\s+)?(?:ignore|disregard|forget|override|bypass)\s+
      (?:(?:all|any|the|of|your|my|these|those|previous|prior|above|earlier|preceding|existing|system)\s+){0,6}
      (?:instructions?|prompts?|rules?|guidelines?|messages?|directives?|constraints\s+of\s+the\s+system)
  | \b(?:reveal|print|show|repeat|output|tell)\b[^.!?\n]{0,30}\b(?:system\s+prompt|instructions|prompt)\b
  | \byou\s+are\s+(?:now|no\s+longer)\b[^.!?\n]{0,80}
  | \b(?:act|behave|pretend)\s+(?:as|like|to\s+be)\b[^.!?\n]{0,60}
  | \bsystem\s*:\s* | <\|?[a-z_]{1,20}\|?>
    """,
    re.VERBOSE | re.IGNORECASE,
)
_ASKS: Final = frozenset({"is", "are", "does", "has", "can", "will", "how", "what", "whats"})
_DOUBTS: Final = frozenset({Sense.FILLER, Sense.STOP, Sense.QUESTION, Sense.COMMA})


def is_code(message: str) -> bool:
    """Whether it is a program or a query of a database, of which nothing is to be searched for."""
    return _CODE.search(message) is not None


def without_instructions(message: str) -> str:
    """A message without what is addressed to a language model: nothing of it is about products."""
    return _INSTRUCTIONS.sub(" ", message)


def act_of(hearing: Hearing) -> Act:
    """What a message does, once all of it is heard."""
    if hearing.facts and not _about_products(hearing):
        return Act.SEARCH
    for sense, act in ((Sense.RESET, Act.RESET), (Sense.CANCEL, Act.CANCEL)):
        if hearing.has(sense):
            return act
    if act := _referring(hearing):
        return act
    if hearing.skips and hearing.context.question is not None:
        return Act.SKIP
    if hearing.occasions:
        return Act.SEARCH  # `for my daughter`: for what was wanted before
    return _plain(hearing)


def _about_products(hearing: Hearing) -> bool:
    """Whether what is said is asked of products that were shown: `does the first one have wifi?`."""
    if hearing.modelled or not hearing.context.shown:
        return False
    if not hearing.references:
        return hearing.has(Sense.THIS) and hearing.pieces[0].text in _ASKS and _of_a_property(hearing)
    asks = hearing.has(Sense.QUESTION) or (hearing.pieces[0].text in _ASKS and not hearing.has(Sense.SEEK))
    words = all(fact.facet == "keywords" for fact in hearing.facts)
    return asks or words or (hearing.compares and len(hearing.references) > 1)


def _of_a_property(hearing: Hearing) -> bool:
    """`is it waterproof?`, `how much does it weigh?`; not `does it come in red?`, which asks for others."""
    told = {"keywords", "in_stock", *hearing.vocabulary.flags}
    return all(fact.facet in told for fact in hearing.facts)


def _referring(hearing: Hearing) -> Act | None:
    out = any(notice.code == "out_of_range" for notice in hearing.notices)
    if hearing.compares and (hearing.context.shown or out):
        if not hearing.references and not out:
            hearing.references = list(range(len(hearing.context.shown)))
        return Act.COMPARE
    if hearing.references or out:
        named = len(hearing.references) > 1 and not hearing.has(Sense.DETAIL)
        return Act.COMPARE if named else Act.DETAIL
    if hearing.has(Sense.MORE) and not hearing.has(Sense.DETAIL):
        return None
    mentions = hearing.has(Sense.THIS, Sense.THESE, Sense.OF_THESE)
    if mentions and hearing.has(Sense.NOT) and hearing.context.shown:
        return Act.MORE  # `none of these`
    if hearing.context.shown and mentions and not hearing.has(Sense.REPEAT, Sense.SMALLTALK):
        refer_to_all(hearing)
        return Act.DETAIL
    return None


def _plain(hearing: Hearing) -> Act:
    if hearing.has(Sense.MORE, Sense.OTHER, Sense.ALSO) and (
        hearing.context.shown or not hearing.context.spec.is_empty
    ):
        return Act.MORE
    said = {piece.sense for piece in hearing.pieces} - _DOUBTS
    if Sense.REPEAT in said and said <= {Sense.REPEAT, Sense.THIS, Sense.SMALLTALK, Sense.THE}:
        return Act.REPEAT
    if Sense.SMALLTALK in said or (said and said <= {Sense.YES, Sense.NO, Sense.SMALLTALK}):
        return Act.SMALLTALK
    return Act.UNCLEAR
