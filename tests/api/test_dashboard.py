"""The built dashboard as a browser gets it: screens, hashed files, policies."""

from __future__ import annotations

import gzip
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.api.dashboard import PAGES, DashboardFiles
from app.api.shell import install_shell
from app.domain.broker_mode import BrokerMode, broker_mode
from app.main import create_app
from tests.support.web import Web

PAGE = '<!doctype html><meta name="desk-mode" content=""><script type="module" src="/app/assets/index-a1.js"></script>'
SCRIPT = "export const x = 1;\n" * 100


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    assets = tmp_path / "dist" / "assets"
    assets.mkdir(parents=True)
    (assets / "index-a1.js").write_text(SCRIPT)
    (assets / "index-a1.js.gz").write_bytes(gzip.compress(SCRIPT.encode()))
    (tmp_path / "dist" / "index.html").write_text(PAGE)
    (tmp_path / "dist" / "theme.js").write_text("1;")
    (tmp_path / "secret.txt").write_text("not to be served")
    return tmp_path / "dist"


def served(folder: Path, mode: BrokerMode = BrokerMode.SIMULATOR) -> TestClient:
    app = FastAPI(redirect_slashes=False)
    app.state.desk = SimpleNamespace()
    app.mount(PAGES, DashboardFiles(folder, mode=mode))
    install_shell(app, https=False)
    return TestClient(app, follow_redirects=False, headers={"accept-encoding": "identity"})


@pytest.fixture
def client(folder: Path) -> TestClient:
    return served(folder)


@pytest.mark.parametrize("path", ["/app/", "/app/batches/2026-11-22", "/app/exit/NSE:1660", "/app/index.html"])
def test_every_screen_s_address_is_the_page_and_is_stored_nowhere(path: str, client: TestClient) -> None:
    page = client.get(path)
    assert page.status_code == 200
    assert "/app/assets/index-a1.js" in page.text
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "no-store"


def test_the_short_address_leads_to_the_page(shell: Web) -> None:
    found = TestClient(create_app(cast("Any", shell.desk)), follow_redirects=False).get("/app")
    assert (found.status_code, found.headers["location"]) == (308, "/app/")


def test_hashed_files_never_change_and_others_are_asked_for_again(client: TestClient) -> None:
    script = client.get("/app/assets/index-a1.js")
    assert script.text == SCRIPT
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert client.get("/app/theme.js").headers["cache-control"] == "no-cache"
    same = client.get("/app/theme.js", headers={"if-none-match": client.get("/app/theme.js").headers["etag"]})
    assert same.status_code == 304


def test_a_file_goes_out_compressed_to_who_reads_it(client: TestClient) -> None:
    packed = client.get("/app/assets/index-a1.js", headers={"accept-encoding": "br, gzip;q=0.8"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["vary"] == "Accept-Encoding"
    assert packed.headers["content-type"].startswith("text/javascript")
    assert packed.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert packed.text == SCRIPT


@pytest.mark.parametrize(
    "path", ["/app/assets/gone-b2.js", "/app/../secret.txt", "/app/%2e%2e/secret.txt", "/app/nothing.map"]
)
def test_a_missing_file_is_not_found_and_nothing_outside_is_served(path: str, client: TestClient) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_policy_allows_our_own_scripts_and_styles_and_nothing_inline(client: TestClient) -> None:
    for path in ("/app/", "/app/assets/index-a1.js", "/app/assets/gone-b2.js"):
        headers = client.get(path).headers
        policy = dict(part.strip().partition(" ")[::2] for part in headers["content-security-policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
        assert policy["frame-ancestors"] == "'none'"
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_the_page_takes_nothing(method: str, client: TestClient) -> None:
    assert client.request(method, "/app/").status_code == 405


def test_without_a_build_the_page_says_how_to_make_one(tmp_path: Path) -> None:
    page = served(tmp_path / "missing").get("/app/batches")
    assert page.status_code == 200
    assert "make run" in page.text
    assert 'href="/docs"' in page.text


@pytest.mark.parametrize("mode", list(BrokerMode))
def test_the_page_says_what_stands_behind_an_order(mode: BrokerMode, folder: Path) -> None:
    assert f'<meta name="desk-mode" content="{mode}">' in served(folder, mode).get("/app/login").text


@pytest.mark.parametrize(
    ("url", "mode"),
    [
        ("https://openapi.motilaloswal.com", BrokerMode.LIVE),
        ("https://openapi.motilaloswaluat.com", BrokerMode.TEST),
        ("https://motilaloswaluat.com.example", BrokerMode.LIVE),
        ("http://127.0.0.1:9000", BrokerMode.SIMULATOR),
        ("http://localhost:9000", BrokerMode.SIMULATOR),
        ("https://broker.example", BrokerMode.LIVE),
    ],
)
def test_only_what_is_surely_not_live_is_called_otherwise(url: str, mode: BrokerMode) -> None:
    assert broker_mode(url) is mode
