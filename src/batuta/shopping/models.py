"""The contract of shopping: what is asked, what a turn comes to, and what a conversation remembers."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Annotated, Final, Literal, Self

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, model_validator

from batuta.errors import ErrorDict
from batuta.services.catalog.models import MAX_PAGE, MAX_SIZE, Facet, SearchFilters
from batuta.services.composer.models import Card, Comparison
from batuta.services.products import Frozen, Name, RequirementSpec

LONGEST_MESSAGE: Final = 5000
LONGEST_USER_ID: Final = 200
MOST_MEDIA: Final = 4
MOST_BASE64: Final = 40 * 1024 * 1024
SHOWN: Final = 10
"""Products a turn shows unless it is asked for others."""


class State(StrEnum):
    """Where a conversation is, in the seed's order; `workflow.TRANSITIONS` says what follows what."""

    INITIAL = "INITIAL"
    MEDIA_PROCESSING = "MEDIA_PROCESSING"
    REQUIREMENT_BUILDING = "REQUIREMENT_BUILDING"
    CLARIFICATION = "CLARIFICATION"
    SEARCHING = "SEARCHING"
    RANKING = "RANKING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class Medium(Frozen):
    """A photo or a recording: its bytes as base64, or the id of an upload at the media service."""

    type: Literal["image", "audio"]
    data: Annotated[str, Field(min_length=1, max_length=MOST_BASE64)] | None = None
    upload_id: Annotated[str, Field(min_length=1, max_length=128)] | None = None
    filename: Annotated[str, Field(max_length=200)] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.upload_id is None) == (self.data is None):
            raise ValueError("give either data (base64) or upload_id")
        return self


Message = Annotated[str, Field(min_length=1, max_length=LONGEST_MESSAGE)]
UserId = Annotated[str, Field(min_length=1, max_length=LONGEST_USER_ID)]
SessionId = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9._:-]+$")]
RequestId = Annotated[str, Field(min_length=1, max_length=128)]
Media = Annotated[tuple[Medium, ...], Field(max_length=MOST_MEDIA)]


class ChatRequest(Frozen):
    """One message of somebody, with photos or recordings; media alone need no message."""

    message: Annotated[str, Field(max_length=LONGEST_MESSAGE)] = ""
    user_id: UserId
    session_id: SessionId | None = None
    media: Media = ()
    request_id: RequestId | None = None
    """The same again answers the first outcome."""
    page: Annotated[int, Field(ge=1, le=MAX_PAGE)] = 1
    size: Annotated[int, Field(ge=1, le=MAX_SIZE)] = SHOWN


class ClarifyRequest(Frozen):
    """The answer to the question that is open."""

    answer: Message
    user_id: UserId
    question_id: Annotated[str, Field(max_length=128)] | None = None
    """An answer to a question that is no longer open is refused."""
    request_id: RequestId | None = None


class SearchRequest(BaseModel):
    """A search without a conversation."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    message: Annotated[str, Field(max_length=LONGEST_MESSAGE)] = Field(
        default="", validation_alias=AliasChoices("message", "query")
    )
    user_id: UserId
    media: Media = ()
    filters: SearchFilters | None = None
    """What holds beside the message, as the catalogue has it; the message adds to it."""
    page: Annotated[int, Field(ge=1, le=MAX_PAGE)] = 1
    size: Annotated[int, Field(ge=1, le=MAX_SIZE)] = SHOWN
    request_id: RequestId | None = None


class Suggestion(Frozen):
    """A real value of the facet that is asked for."""

    value: str
    """What to send as the answer."""
    label: str
    """What to show."""
    count: int
    """How many of the found products have it."""


class Question(Frozen):
    """The one thing that would help most to know."""

    id: str
    text: str
    facet: str
    """`need` where nothing is known yet, `product_type`, `brand`, `price`, or an attribute."""
    suggestions: tuple[Suggestion, ...] = ()
    allows_no_preference: bool = True


class Notice(Frozen):
    """Something the person should know about the answer."""

    code: str
    """`degraded`, `relaxed`, `new_conversation`, `corrected`, `assumed`, `not_understood`, …"""
    message: str


class TurnOutcome(BaseModel):
    """What a turn came to."""

    session_id: str
    state: State
    reply: str
    question: Question | None = None
    products: list[Card] = Field(default_factory=list[Card])
    total: int = 0
    """Products found, of which some are shown."""
    comparison: Comparison | None = None
    requirement_spec: RequirementSpec = RequirementSpec()
    notices: list[Notice] = Field(default_factory=list[Notice])
    request_id: str | None = None


class Shown(Frozen):
    """A product somebody saw, as far as he may refer to it (`the second one`, `cheaper`, `that red one`)."""

    id: str
    title: str
    brand: str | None = None
    price: float | None = None


class Need(Frozen):
    """What the conversation is about now: the state of a session, kept as JSON after every turn."""

    state: State = State.INITIAL
    number: int = 1
    """A change of topic begins a new need."""
    spec: RequirementSpec = RequirementSpec()
    asked: tuple[str, ...] = ()
    """Facets asked for this need, at most `questions.MOST_QUESTIONS`."""
    declined: tuple[str, ...] = ()
    """Facets about which there is no preference."""
    question: Question | None = None
    """The open one."""
    shown: tuple[Shown, ...] = ()
    page: int = 1
    total: int = 0


class Reading(Frozen):
    """What was seen and heard in the media of a message, as text for the understanding."""

    text: str = ""
    words: tuple[str, ...] = ()
    """Of photos: labels and colours, surest first."""
    notices: tuple[Notice, ...] = ()


class Survey(Frozen):
    """What is known of the found products, for whoever decides whether to ask."""

    total: int
    flatness: float
    facets: dict[Name, Facet]


class HistoryTurn(BaseModel):
    """One turn as `GET /sessions/{id}` shows it."""

    number: int
    status: str
    message: str
    media: list[str] = Field(default_factory=list[str])
    """`image` or `audio`, for each photo and recording that came with it."""
    reply: str | None = None
    question: Question | None = None
    comparison: Comparison | None = None
    notices: list[Notice] = Field(default_factory=list[Notice])
    error: ErrorDict | None = None
    """Why there is no reply."""
    request_id: str | None = None
    created_at: dt.datetime
    completed_at: dt.datetime | None = None


class SessionView(BaseModel):
    """A conversation as it stands."""

    session_id: str
    user_id: str
    state: State
    requirement_spec: RequirementSpec
    question: Question | None
    turns: int
    history: list[HistoryTurn]
    products: list[Card]
    """The last results: those that `the second one` refers to."""
    total: int = 0
    """Products found, of which some are shown."""
    page: int = 1
    created_at: dt.datetime
    updated_at: dt.datetime
    expires_at: dt.datetime
