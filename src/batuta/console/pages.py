"""Renders the console's pages; everything put into one is escaped unless a template says otherwise."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Final

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from batuta.access.caller import Caller
from batuta.console import sentences
from batuta.console.assets import Assets
from batuta.version import __version__

NOT_KEPT: Final = {"Cache-Control": "no-store", "Vary": "Cookie"}


@dataclass(frozen=True, slots=True)
class Link:
    """A page that can be gone to from everywhere."""

    label: str
    path: str
    icon: str


@dataclass(frozen=True, slots=True)
class Section:
    """Links of one app, for servers that serve it; of the house, if it names none."""

    label: str
    links: tuple[Link, ...]
    app: str | None = None


NAVIGATION: Final = (
    Section(
        "Captions",
        (Link("Jobs", "/console/jobs", "list"), Link("New job", "/console/new", "plus")),
        "captions",
    ),
    Section(
        "Transcripts",
        (
            Link("Read a video", "/console/transcripts", "text"),
            Link("Batches", "/console/transcripts/batches", "stack"),
            Link("Cache", "/console/cache", "cache"),
        ),
        "transcripts",
    ),
    Section(
        "Albums",
        (
            Link("Album years", "/console/albums", "disc"),
            Link("Album cache", "/console/albums/cache", "cache"),
        ),
        "albums",
    ),
    Section("Dubbing", (Link("Dub a video", "/console/dubs", "voice"),), "dubbing"),
    Section("Shopping", (Link("Find products", "/console/shop", "bag"),), "shopping"),
    Section("System", (Link("Services", "/console/health", "pulse"), Link("API", "/docs", "braces"))),
)


def navigation(apps: Mapping[str, str]) -> tuple[Section, ...]:
    """The sections of a server that serves these apps."""
    return tuple(section for section in NAVIGATION if section.app is None or section.app in apps)


class Pages:
    """The templates, and what all of them may use."""

    def __init__(self, assets: Assets, prefixes: Mapping[str, str]) -> None:
        """`prefixes` says which apps are served and where the API of each lies."""
        self._sections = sections = navigation(prefixes)
        self.first: Final = sections[0].links[0].path
        """Where a browser is led that names no page."""
        self._environment = Environment(
            loader=PackageLoader("batuta.console"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._always = {
            "api": MappingProxyType(dict(prefixes)),
            "asset": assets.address,
            "counted": sentences.counted,
            "navigation": sections,
            "version": __version__,
        }
        self._environment.filters.update(
            ago=_ago,
            exact=sentences.exact,
            span=sentences.span,
            rough=sentences.rough,
            clock=sentences.clock,
            milliseconds=sentences.milliseconds,
            status_word=sentences.status_word,
            tone=sentences.tone,
            stage_name=sentences.stage_name,
            language_name=sentences.language_name,
        )

    def render(self, template: str, path: str, caller: Caller | None, **context: object) -> str:
        """The page as HTML; `path` is where it lies, `caller` who sees it, None for whoever is a stranger."""
        found = self._environment.get_template(f"{template}.html")
        return found.render(self._always, path=path, here=self._link(path), caller=caller, **context)

    def _link(self, path: str) -> str:
        """The link under which the page lies: of several the longest, of none nothing."""
        links = (link.path for section in self._sections for link in section.links)
        return max((link for link in links if f"{path}/".startswith(f"{link}/")), key=len, default="")

    def page(
        self,
        template: str,
        request: Request,
        caller: Caller | None,
        *,
        status_code: int = 200,
        **context: object,
    ) -> HTMLResponse:
        """The answer with the page; no cache keeps it."""
        body = self.render(template, request.url.path, caller, **context)
        return HTMLResponse(body, status_code, NOT_KEPT)


def _ago(moment: dt.datetime) -> str:
    return sentences.ago(moment, dt.datetime.now(dt.UTC))


async def the_pages(request: Request) -> Pages:
    """The pages of the server that was asked."""
    pages: Pages = request.app.state.pages
    return pages


PagesHere = Annotated[Pages, Depends(the_pages)]
