"""The documentation as a page: complete without scripts, styles or other hosts, so that our policy refuses nothing."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.api import pages
from app.config import Settings


@pytest.fixture
def client(settings: Settings) -> TestClient:
    app = FastAPI(title="Trading Platform API", docs_url=None, redoc_url=None)
    app.state.desk = SimpleNamespace(settings=settings)
    app.include_router(pages.router)

    @app.get("/things/{thing_id}")
    def thing(thing_id: str, limit: int = 20) -> dict[str, list[str]]:
        """Read <b>one</b> thing & its parts."""
        return {thing_id: [str(limit)]}

    return TestClient(app, follow_redirects=False)


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.opened: list[tuple[str, dict[str, Any]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.opened.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_and_loads_nothing(client: TestClient) -> None:
    text = client.get("/docs").text
    tags = Tags(text)
    assert tags.open == []
    assert not {tag for tag, _ in tags.opened} & {"script", "style", "link", "img", "iframe", "form"}
    assert not any(name.startswith("on") or name == "style" for _, attributes in tags.opened for name in attributes)
    assert not re.search(r"https?://", text)


def test_the_documentation_shows_every_operation_and_escapes_its_words(client: TestClient) -> None:
    text = client.get("/docs").text
    assert "<code>GET /things/{thing_id}</code>" in text
    assert "Read &lt;b&gt;one&lt;/b&gt; thing &amp; its parts." in text
    assert "<code>limit</code> (query): integer" in text


def test_links_within_the_documentation_lead_somewhere(client: TestClient) -> None:
    tags = Tags(client.get("/docs").text)
    ids = {attributes["id"] for _, attributes in tags.opened if "id" in attributes}
    wanted = {attributes["href"] for _, attributes in tags.opened if attributes.get("href", "").startswith("#")}
    assert {href.removeprefix("#") for href in wanted} <= ids
