"""Conversations over turns: one at a time, nothing lost, a repeated request answers the first outcome."""

from batuta.sessions.models import Ask, Done, Session, Turn, TurnStatus, Who, Work
from batuta.sessions.sessions import Sessions
from batuta.sessions.sql import SqlSessions
from batuta.sessions.store import SessionStore
from batuta.sessions.stores import open_store

__all__ = [
    "Ask",
    "Done",
    "Session",
    "SessionStore",
    "Sessions",
    "SqlSessions",
    "Turn",
    "TurnStatus",
    "Who",
    "Work",
    "open_store",
]
