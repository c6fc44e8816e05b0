"""The web application: wiring and lifespan only."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from app.api import (
    audit,
    auth,
    batches,
    clients,
    dealers,
    demo,
    desk,
    egresses,
    health,
    limits,
    orders,
    pages,
    portfolio,
    sessions,
    tokens,
    users,
    websockets,
)
from app.api.dashboard import PAGES, DashboardFiles
from app.api.shell import install_shell
from app.domain.broker_mode import broker_mode
from app.engine.runner import EngineRunner
from app.wiring import Desk

_RECOVERY_S = 10.0
_DASHBOARD = Path(__file__).resolve().parents[1] / "trading-dashboard-ui" / "dist"

_GC_THRESHOLDS = (50_000, 20, 20)  # a batch makes live objects by the ten thousand; the default looks at them 70 times

_TITLE: dict[str, Any] = {
    "title": "Trading Platform API",
    "redirect_slashes": False,
    "docs_url": None,
    "redoc_url": None,
}
# routes are tried in turn: what dashboards ask for all day comes first
_ROUTERS = (
    clients.router,
    orders.router,
    batches.router,
    health.router,
    auth.router,
    users.router,
    audit.router,
    dealers.router,
    egresses.router,
    limits.router,
    portfolio.router,
    sessions.router,
    tokens.router,
    desk.router,
    websockets.router,
    pages.router,
)


async def _recovered(engine: EngineRunner) -> None:
    """Answer nobody before what a dead engine left is marked unknown; never wait long for an engine elsewhere."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_RECOVERY_S):
            await engine.is_running.wait()


def create_app(wired: Desk) -> FastAPI:
    """Return the application around `wired`; its tasks live as long as the application does."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await wired.catalogue.refresh(at_once=True)
        await wired.egresses.refresh()
        gc.freeze()  # what start-up built stays: later collections need not look at it
        gc.set_threshold(*_GC_THRESHOLDS)
        tasks = [asyncio.create_task(task(), name=name) for name, task in wired.background().items()]
        if wired.engine is not None:
            await _recovered(wired.engine)
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await wired.close()

    settings = wired.settings
    app = FastAPI(**_TITLE, lifespan=lifespan)
    app.state.desk = wired
    for router in _ROUTERS:
        app.include_router(router)
    if settings.demo:
        app.include_router(demo.router)
    app.mount(PAGES, DashboardFiles(_DASHBOARD, mode=broker_mode(settings.mofsl_base_url), is_demo=settings.demo))
    install_shell(app, https=settings.uses_secure_cookies, dev_origins=settings.allowed_origins)
    return app


def openapi_document() -> dict[str, Any]:
    """Return the document that a production desk serves, without a desk."""
    app = FastAPI(**_TITLE)
    for router in _ROUTERS:
        app.include_router(router)
    install_shell(app, https=True)
    return app.openapi()
