"""One turn of a conversation, from what somebody says to what he is shown. Read this file first.

    read the media → understand → search → rank → ask, or be done
                         └ nothing to search for: ask, compare, tell more, or take leave

Everything said before is in the `Need`; nothing is kept here between two turns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import structlog

from batuta.errors import BatutaError, DeadlineExceeded, NotFound, ServiceError
from batuta.services.catalog.models import CatalogResults
from batuta.services.composer.composing import compose as compose_here
from batuta.services.composer.models import (
    Card,
    Comparison,
    ComposeRequest,
    ComposeResponse,
    Criteria,
    RankRequest,
    RankResponse,
    Relaxed,
)
from batuta.services.composer.ranking import rank as rank_here
from batuta.services.products import Product, RequirementSpec
from batuta.shopping import replies
from batuta.shopping.media import Media, with_seen
from batuta.shopping.model.model import Model
from batuta.shopping.models import (
    SHOWN,
    Medium,
    Need,
    Notice,
    Question,
    Shown,
    State,
    Survey,
)
from batuta.shopping.questions import next_question, opening_question
from batuta.shopping.relaxing import told
from batuta.shopping.searching import asked_for, loosened, window_size
from batuta.shopping.services import Catalog, Composer
from batuta.shopping.understanding.models import Act, Context, Understanding
from batuta.shopping.understanding.understand import understand
from batuta.shopping.words import Words
from batuta.shopping.workflow import Walk

MOST_COMPARED: Final = 4
CRITERIA: Final = Criteria(price_weight=0.05, rating_weight=0.1, relevance_weight=0.85)
"""The catalogue's relevance was measured (nDCG@10); price and rating decide between equals."""

Tell = Callable[[State], None]
"""Is told every state that a turn comes to."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Said:
    """What somebody says in one turn."""

    text: str
    media: tuple[Medium, ...] = ()
    page: int = 1
    size: int = SHOWN
    may_ask: bool = True
    """Whether a question may be asked in return."""


@dataclass(frozen=True)
class Answer:
    """What a turn comes to, and what is remembered of it."""

    need: Need
    reply: str
    cards: Sequence[Card] = ()
    comparison: Comparison | None = None
    notices: tuple[Notice, ...] = ()
    total: int = 0
    """Products found, of which some are shown."""


@dataclass
class _Turn:
    """A turn under way."""

    walk: Walk
    tell: Tell
    said: Said
    notices: list[Notice] = field(default_factory=list[Notice])

    def to(self, state: State) -> State:
        self.tell(self.walk.to(state))
        return state


class Orchestrator:
    """Takes turns with the three services, the catalogue's words, and a language model where there is one."""

    def __init__(
        self, catalog: Catalog, composer: Composer, media: Media, words: Words, model: Model | None = None
    ) -> None:
        self._catalog = catalog
        self._composer = composer
        self._media = media
        self._words = words
        self._model = model

    async def turn(self, need: Need, said: Said, tell: Tell) -> Answer:
        """The answer to one message; raises when the catalogue fails, or the message cannot be used."""
        turn = _Turn(Walk(need.state), tell, said)
        text, seen = said.text, ""
        if said.media:
            turn.to(State.MEDIA_PROCESSING)
            reading = await self._media.read(said.media, said.text)
            text = " ".join(part for part in (said.text, reading.text) if part.strip())
            seen = ", ".join(reading.words)
            turn.notices += reading.notices
            turn.notices += _noticed(reading.text, seen)
        turn.to(State.REQUIREMENT_BUILDING)
        understood = await self._understand(text, seen, need)
        turn.notices += understood.notices
        return await self._do(turn, need, understood)

    async def _do(self, turn: _Turn, need: Need, understood: Understanding) -> Answer:
        """What the message asks for."""
        match understood.act:
            case Act.COMPARE:
                answer = await self._side_by_side(turn, need, understood)
            case Act.DETAIL:
                answer = await self._more_about(turn, need, understood)
            case Act.REPEAT if not need.spec.is_empty:
                answer = await self._search(turn, need, keep=need.question)
            case Act.RESET:
                answer = self._ask_again(turn, Need(number=need.number + 1), replies.BEGUN_ANEW)
            case Act.CANCEL:
                state = turn.to(State.CANCELLED)
                answer = _answer(turn, Need(state=state, number=need.number + 1), replies.CANCELLED)
            case Act.SMALLTALK:
                reply = replies.GREETING if need.spec.is_empty else replies.AT_YOUR_SERVICE
                answer = self._ask_again(turn, need, reply)
            case Act.MORE if need.page * turn.said.size >= need.total:
                answer = self._ask_again(turn, need, replies.NO_MORE)
            case Act.UNCLEAR:
                why = understood.notices[0].message if understood.notices else replies.NOT_UNDERSTOOD
                answer = self._ask_again(turn, need, why)
            case _:
                need = _after(need, understood, turn.said)
                if need.spec.is_empty:
                    answer = self._ask_again(turn, need, replies.WHAT)
                else:
                    answer = await self._search(turn, need)
        return answer

    async def _search(self, turn: _Turn, need: Need, *, keep: Question | None = None) -> Answer:
        """Find, rank, and ask where that helps, unless a question is to be kept open."""
        turn.to(State.SEARCHING)
        found, relaxed, need = await self._found(need, turn.said.size)
        turn.to(State.RANKING)
        ranked = await self._ranked(turn, found.products, need.spec)
        begin = ((need.page - 1) * turn.said.size) % window_size(turn.said.size)
        page = tuple(each.product for each in ranked.products[begin : begin + turn.said.size])
        question = keep or (self._question(need, found, relaxed) if turn.said.may_ask else None)
        asked = need.asked if question in (None, keep) else (*need.asked, question.facet)
        composed = await self._composed(
            turn,
            ComposeRequest(products=page, requirement_spec=need.spec, total=found.total, relaxed=relaxed),
        )
        reply = composed.text if page or not found.total else replies.NO_MORE
        if self._model is not None:
            reply = await self._model.word(
                composed, need.spec, lexicon=self._words.lexicon, total=found.total, relaxed=relaxed
            )
        state = turn.to(State.COMPLETED if question is None else State.CLARIFICATION)
        need = need.model_copy(
            update={
                "state": state,
                "question": question,
                "asked": asked,
                "shown": tuple(_shown(product) for product in page[:SHOWN]),
                "total": found.total,
            }
        )
        answer = _answer(turn, need, reply, _with_reasons(composed.cards, ranked))
        return replace(answer, total=found.total)

    def _question(self, need: Need, found: CatalogResults, relaxed: Sequence[Relaxed]) -> Question | None:
        """The one that would help most; none where something had to be left out already."""
        lexicon = self._words.lexicon
        if not found.total and need.spec.product_type is None:
            return opening_question(lexicon)
        if relaxed:
            return None
        survey = Survey(total=found.total, flatness=found.flatness, facets=found.facets)
        return next_question(survey, need, currency=lexicon.currency or None)

    async def _found(self, need: Need, size: int) -> tuple[CatalogResults, tuple[Relaxed, ...], Need]:
        """The products that fit; where none does, those that nearly do, and what was left out for them.

        Words that name nothing the catalogue has are given up for good once that was said.
        """
        found = await self._asked(need.spec, need.page, size)
        if found.total:
            return found, (), need
        for loose in loosened(need.spec):
            others = await self._asked(loose.spec, need.page, size)
            if others.total:
                relaxed = told(need.spec, loose.without, others)
                wordless = need.spec.model_copy(update={"keywords": loose.spec.keywords})
                return others, relaxed, need.model_copy(update={"spec": wordless})
        return found, (), need

    async def _asked(self, spec: RequirementSpec, page: int, size: int) -> CatalogResults:
        words = self._words.lexicon
        currency = words.currency if words.version else None
        return await self._catalog.search(
            asked_for(spec, page, size, types_mined=words.types_mined, currency=currency)
        )

    async def _side_by_side(self, turn: _Turn, need: Need, understood: Understanding) -> Answer:
        """The products he refers to, or the first of those shown, in one table."""
        places = understood.references or tuple(range(len(need.shown)))
        products = await self._shown_before(need, places[:MOST_COMPARED])
        if len(products) < 2:  # noqa: PLR2004  # one cannot be compared
            return self._ask_again(turn, need, replies.NOTHING_TO_COMPARE)
        asked = ComposeRequest(products=products, requirement_spec=need.spec, compare=True)
        composed = await self._composed(turn, asked)
        return self._stay(turn, need, composed)

    async def _more_about(self, turn: _Turn, need: Need, understood: Understanding) -> Answer:
        """All that is known of the products he refers to."""
        products = await self._shown_before(need, understood.references[:MOST_COMPARED])
        if not products:
            return self._ask_again(turn, need, replies.WHICH_ONE)
        asked = ComposeRequest(products=products, requirement_spec=need.spec, detail=True)
        composed = await self._composed(turn, asked)
        return self._stay(turn, need, composed)

    async def _shown_before(self, need: Need, places: Sequence[int]) -> tuple[Product, ...]:
        found: list[Product] = []
        for place in dict.fromkeys(places):
            if 0 <= place < len(need.shown):
                try:
                    found.append(await self._catalog.product(need.shown[place].id))
                except NotFound:
                    log.info("shopping.product_gone", product_id=need.shown[place].id)
        return tuple(found)

    def _stay(self, turn: _Turn, need: Need, composed: ComposeResponse) -> Answer:
        """Tell, with the question still open that was."""
        state = turn.to(State.COMPLETED if need.question is None else State.CLARIFICATION)
        need = need.model_copy(update={"state": state})
        return _answer(turn, need, composed.text, composed.cards, composed.comparison)

    def _ask_again(self, turn: _Turn, need: Need, reply: str) -> Answer:
        """Say it, and ask what is open, or where nothing is known what it is that he looks for."""
        question = need.question
        if question is None and need.spec.is_empty and turn.said.may_ask:
            question = opening_question(self._words.lexicon)
        state = turn.to(State.COMPLETED if question is None else State.CLARIFICATION)
        return _answer(turn, need.model_copy(update={"state": state, "question": question}), reply)

    async def _understand(self, text: str, seen: str, need: Need) -> Understanding:
        """What is said, surely; what a model makes of the rest; and what a photo adds."""
        vocabulary = await self._words.vocabulary()
        context = Context(spec=need.spec, question=need.question, shown=need.shown)
        if text.strip():
            understood = understand(text, context, vocabulary)
            if self._model is not None:
                understood = await self._model.read(text, context, understood, self._words.lexicon)
        else:  # a photo, or the filters of a search
            understood = Understanding(act=Act.SEARCH, spec=need.spec)
        if seen:
            glimpsed = understand(seen, Context(), vocabulary).spec
            spec = with_seen(understood.spec, glimpsed)
            if spec != understood.spec:
                understood = understood.model_copy(update={"act": Act.SEARCH, "spec": spec})
        return understood

    async def _ranked(self, turn: _Turn, products: Sequence[Product], spec: RequirementSpec) -> RankResponse:
        if self._words.lexicon.types_mined:  # they find products, they are no wish that one could break
            spec = spec.model_copy(update={"product_type": None})
        asked = RankRequest(
            products=tuple(products), requirement_spec=spec, criteria=CRITERIA, preferences_applied=True
        )
        try:
            return await self._composer.rank(asked)
        except (ServiceError, DeadlineExceeded) as error:
            self._degraded(turn, error)
            return rank_here(asked)

    async def _composed(self, turn: _Turn, asked: ComposeRequest) -> ComposeResponse:
        try:
            return await self._composer.compose(asked)
        except (ServiceError, DeadlineExceeded) as error:
            self._degraded(turn, error)
            return compose_here(asked)

    def _degraded(self, turn: _Turn, error: BatutaError) -> None:
        log.warning("shopping.degraded", cause=str(error))
        notice = Notice(code="degraded", message=f"{replies.SIMPLY_ORDERED} ({error.message})")
        if all(each.code != "degraded" for each in turn.notices):
            turn.notices.append(notice)


def _after(need: Need, understood: Understanding, said: Said) -> Need:
    """The need as the message leaves it."""
    if understood.new_need:
        need = Need(number=need.number + 1)
    if understood.act is Act.MORE:
        return need.model_copy(update={"page": need.page + 1, "question": None})
    declined = [facet for facet in need.declined if facet not in understood.changed]
    return need.model_copy(
        update={
            "spec": understood.spec,
            "page": said.page,
            "question": None,
            "declined": tuple(dict.fromkeys((*declined, *understood.declined))),
        }
    )


def _answer(
    turn: _Turn, need: Need, reply: str, cards: Sequence[Card] = (), comparison: Comparison | None = None
) -> Answer:
    return Answer(need, reply, cards, comparison, tuple(dict.fromkeys(turn.notices)))


def _noticed(heard: str, seen: str) -> list[Notice]:
    """What we made of recordings and photos, so that nobody wonders where a wish came from."""
    told = (("heard", "Heard", heard), ("seen", "Saw", seen))
    return [Notice(code=code, message=f"{verb}: “{text[:200]}”.") for code, verb, text in told if text]


def _with_reasons(cards: Sequence[Card], ranked: RankResponse) -> list[Card]:
    """The cards with the reasons of the ranking, which has seen more products than are shown."""
    reasons = {each.product.id: each for each in ranked.products}
    return [
        card.model_copy(update={"why_ranked": reasons[card.id].why_ranked, "misses": reasons[card.id].misses})
        for card in cards
        if card.id in reasons
    ]


def _shown(product: Product) -> Shown:
    return Shown(id=product.id, title=product.title[:120], brand=product.brand, price=product.price)
