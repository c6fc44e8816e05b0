"""The web application: wiring and lifespan only."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI

from app.api import (
    audit,
    auth,
    batches,
    clients,
    dealers,
    desk,
    egresses,
    health,
    orders,
    pages,
    portfolio,
    sessions,
    tokens,
    users,
)
from app.api.shell import install_shell
from app.engine.runner import EngineRunner
from app.wiring import Desk

_RECOVERY_S = 10.0

_GC_THRESHOLDS = (50_000, 20, 20)  # a batch makes live objects by the ten thousand; the default looks at them 70 times

_ROUTERS = (
    health.router,
    auth.router,
    users.router,
    audit.router,
    clients.router,
    dealers.router,
    egresses.router,
    portfolio.router,
    sessions.router,
    tokens.router,
    orders.router,
    batches.router,
    desk.router,
    pages.router,
)


async def _recovered(engine: EngineRunner) -> None:
    """Answer nobody before what a dead engine left is marked unknown; never wait long for an engine elsewhere."""
    with suppress(TimeoutError):
        await asyncio.wait_for(engine.is_running.wait(), _RECOVERY_S)


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

    app = FastAPI(
        title="Trading Platform API", lifespan=lifespan, redirect_slashes=False, docs_url=None, redoc_url=None
    )
    app.state.desk = wired
    for router in _ROUTERS:
        app.include_router(router)
    install_shell(app, https=wired.settings.uses_secure_cookies, dev_origins=wired.settings.allowed_origins)
    return app
