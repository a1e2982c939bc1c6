"""Understand a message: read this first, the flow from top to bottom.

A message is cut into pieces (`pieces`): phrases of the languages it is in, words of the catalogue, numbers,
unknown words. One reader after another takes the pieces it understands and notes facts (`hearing`): the
answer to the open question, references, numbers, what is to be dropped, wishes that every shop knows, words
of the catalogue, and last the words that nobody knows, which are searched for as they are. Then the facts are
applied to the requirement (`draft`), or to what of it is left when another need begins (`topics`).

A value takes the place of the values of its facet that earlier messages said, and stands beside those of the
same message; `also` and `or` add to earlier ones. Everything else stays as it was.
"""

from __future__ import annotations

from batuta.services.products import RequirementSpec
from batuta.shopping.understanding.answers import answered, hear_answer, soften
from batuta.shopping.understanding.draft import Draft, facets
from batuta.shopping.understanding.drops import hear_drops
from batuta.shopping.understanding.figures import hear_figures
from batuta.shopping.understanding.hearing import Deed, Hearing
from batuta.shopping.understanding.intents import act_of, is_code, without_instructions
from batuta.shopping.understanding.models import Act, Context, Understanding
from batuta.shopping.understanding.negation import negated
from batuta.shopping.understanding.occasions import hear_occasions, release
from batuta.shopping.understanding.pieces import cut
from batuta.shopping.understanding.references import hear_references
from batuta.shopping.understanding.senses import Sense
from batuta.shopping.understanding.things import hear_things, kind_of
from batuta.shopping.understanding.topics import begin, begins_another, blank, leave_unfitting, tell_dropped
from batuta.shopping.understanding.vocabulary import Vocabulary
from batuta.shopping.understanding.wishes import hear_wishes


def understand(message: str, context: Context, vocabulary: Vocabulary) -> Understanding:
    """What a message means where the conversation stands. Any text gives an understanding; none raises."""
    if is_code(message):
        return Understanding(act=Act.UNCLEAR, spec=context.spec)
    hearing = Hearing(cut(without_instructions(message), vocabulary), context, vocabulary)
    hear(hearing)
    act = act_of(hearing)
    if act is Act.RESET:
        return _understanding(hearing, act, blank(context.spec), new_need=True)
    if act is not Act.SEARCH:
        return _understanding(hearing, act, context.spec, new_need=False)
    spec, new_need = applied(hearing)
    if spec == context.spec and hearing.has(Sense.MORE) and not hearing.declined and context.shown:
        act = Act.MORE
    return _understanding(hearing, act, spec, new_need=new_need)


def hear(hearing: Hearing) -> None:
    """Note what is said, each reader leaving to the next what it does not understand."""
    for misspelt, word in hearing.cut.corrected:
        hearing.tell("corrected", f"Read “{misspelt}” as “{word}”.")
    hear_answer(hearing)
    hear_references(hearing)
    denied = negated(hearing)
    hearing.kind = kind_of(hearing, denied)
    hear_occasions(hearing, denied)
    hear_figures(hearing)
    hear_drops(hearing)
    hear_wishes(hearing, denied)
    hear_things(hearing, denied)
    if release(hearing):
        hear_things(hearing, denied)
    soften(hearing)


def applied(hearing: Hearing) -> tuple[RequirementSpec, bool]:
    """The requirement with the facts of the message, and whether it is another need."""
    context = hearing.context
    draft = Draft.of(context.spec, hearing.vocabulary.currency)
    anew = hearing.has(Sense.RESET)
    another = anew or begins_another(hearing)
    if anew:
        draft = Draft.of(blank(context.spec), draft.currency)
    elif another:
        begin(draft)
        tell_dropped(context.spec, hearing)
    else:
        leave_unfitting(draft, hearing)
    if _replaces_words(hearing):
        draft.keywords = []
    adds = hearing.has(Sense.ALSO) or hearing.sense(0) in {Sense.AND, Sense.OR}
    for fact in sorted(hearing.facts, key=lambda fact: fact.at):
        draft.apply(fact, adds=adds)
    for what in draft.displaced:
        hearing.tell("dropped", f"The new price leaves no room for {what} said before.")
    return draft.spec(), another


def _replaces_words(hearing: Hearing) -> bool:
    """`I meant tents`: words that nobody knows take the place of those before."""
    corrected = hearing.has(Sense.MEANT, Sense.CORRECT) or hearing.sense(0) is Sense.NO
    wanted = [fact for fact in hearing.facts if fact.deed is Deed.WANT]
    return corrected and bool(wanted) and all(fact.facet == "keywords" for fact in wanted)


def _understanding(hearing: Hearing, act: Act, spec: RequirementSpec, *, new_need: bool) -> Understanding:
    before, after = facets(hearing.context.spec), facets(spec)
    nothing = facets(RequirementSpec())
    empty = ((None, None, None), False)
    changed = [
        facet
        for facet in dict.fromkeys((*before, *after))
        if before.get(facet, empty) != after.get(facet, empty)
    ]
    removed = [facet for facet in changed if after.get(facet, empty) == nothing.get(facet, empty)]
    reply = answered(hearing)
    declined = [*hearing.declined]
    if hearing.skips and reply and reply not in declined:
        declined.append(reply)
    return Understanding(
        act=act,
        spec=spec,
        new_need=new_need,
        changed=tuple(changed),
        removed=tuple(removed),
        answered=reply,
        declined=tuple(declined),
        references=tuple(hearing.references),
        notices=tuple(hearing.notices),
    )
