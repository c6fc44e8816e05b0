"""The built dashboard under `/app/`: its files, and its page for every address that is a screen.

`index.html` is never stored by a browser and names the files of one build; those carry a hash in their name and never
change. Each may lie beside itself compressed (`.br`, `.gz`), made once at build time.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import ClassVar

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from app.domain.broker_mode import BrokerMode

PAGES = "/app"
_HASHED = "assets/"
_FOR_EVER = "public, max-age=31536000, immutable"
_NO_STORE = "no-store"
_ASK_FIRST = "no-cache"
_MODE_UNSAID = '<meta name="desk-mode" content="">'
_ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
_NOT_BUILT = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Trading Platform</title>
</head>
<body>
<main>
<h1>Trading Platform</h1>
<p>The desk is running, but its dashboard was not built. Run <code>make run</code>, which builds it; it needs Node 20 or
later.</p>
<ul>
<li><a href="/docs">API documentation</a>: every call, with its fields</li>
<li><a href="/openapi.json">OpenAPI document</a>, for programs</li>
<li><a href="/readyz">Is it ready?</a></li>
</ul>
</main>
</body>
</html>
"""


class DashboardFiles(StaticFiles):
    """Serves `folder`; without a build there, a page that says so.

    `mode` is written into the page, so that it shows what stands behind an order before anybody signs in; in a demo the
    word "demo" follows it.
    """

    _methods: ClassVar = frozenset({"GET", "HEAD"})

    def __init__(self, folder: Path, *, mode: BrokerMode, is_demo: bool = False) -> None:
        super().__init__(directory=folder, check_dir=False)
        self._folder = folder
        self._said = _MODE_UNSAID.replace('content=""', f'content="{mode}{" demo" if is_demo else ""}"')

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise HTTPException(404)
        await super().__call__(scope, receive, send)

    async def check_config(self) -> None:
        """The folder may be missing, and may be built while the desk runs."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        if scope["method"] not in self._methods:
            raise HTTPException(405)
        if path in {".", "index.html"}:
            return self._page()
        try:
            found = await super().get_response(path, scope)
        except HTTPException as error:
            if error.status_code == 404 and not _is_file_name(path):
                return self._page()
            raise
        found.headers["Cache-Control"] = _FOR_EVER if path.startswith(_HASHED) else _ASK_FIRST
        return found

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        plain = super().file_response(full_path, stat_result, scope, status_code)
        if not isinstance(plain, FileResponse):  # 304
            return plain
        accepted = {
            part.partition(";")[0].strip() for part in Headers(scope=scope).get("accept-encoding", "").split(",")
        }
        for encoding, suffix in _ENCODINGS:
            packed = Path(f"{os.fspath(full_path)}{suffix}")
            if encoding in accepted and packed.is_file():
                headers = {"Content-Encoding": encoding, "Vary": "Accept-Encoding"}
                return FileResponse(packed, media_type=plain.media_type, headers=headers)
        return plain

    def _page(self) -> HTMLResponse:
        """Read at every request: a build made meanwhile is served whole, never half of one and half of another."""
        try:
            text = (self._folder / "index.html").read_text(encoding="utf-8")
        except FileNotFoundError:
            text = _NOT_BUILT
        return HTMLResponse(text.replace(_MODE_UNSAID, self._said), headers={"Cache-Control": _NO_STORE})


def _is_file_name(path: str) -> bool:
    """Whether somebody asks for a file rather than a screen: a missing script must not be answered with a page."""
    return path.startswith(_HASHED) or "." in path.rpartition("/")[2]
