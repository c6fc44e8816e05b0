"""Routes that take a file: strict like the others, with a limit on the body before any of it is parsed."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.types import Message

from app.api.errors import BodyRefused
from app.api.strict_json import StrictRoute

_FORM_ALLOWANCE_BYTES = 16 * 1024  # the parts around the file


class UploadRoute(StrictRoute):
    """Reads at most `file_bytes_max` and the form around it into memory; nothing is spooled to disk unbounded."""

    file_bytes_max = 2 * 1024 * 1024

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        strict = super().get_route_handler()

        async def limited(request: Request) -> Response:
            for guard in self.guards:
                await guard(request)
            if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
                raise BodyRefused(415, "unsupported_media_type", "send the file as multipart/form-data")
            body = await self._body(request)

            async def receive() -> Message:
                return {"type": "http.request", "body": body, "more_body": False}

            return await strict(Request(request.scope, receive))

        return limited

    async def _body(self, request: Request) -> bytes:
        limit = self.file_bytes_max + _FORM_ALLOWANCE_BYTES
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > limit:
                raise BodyRefused(413, "body_too_large", f"the file is longer than {self.file_bytes_max} bytes")
        return bytes(body)


def upload_router(*, prefix: str = "", tags: list[str] | None = None) -> APIRouter:
    """Return a router whose routes take one file each."""
    return APIRouter(prefix=prefix, tags=list(tags or []), route_class=UploadRoute, redirect_slashes=False)
