"""Reading requests strictly. Routers of the desk are made with `desk_router()`, whose routes do, in this order:

1. authorise (401, 403), before a byte of the body is read;
2. refuse unknown and repeated query parameters, and control characters in path or query (422);
3. take a body only as `application/json` in UTF-8 (415), up to the size limit (413), and parse it without guessing:
   duplicate keys, NaN, Infinity, lone surrogates, NUL, deep nesting and 20-digit integers are refused (422), and a
   number with a point or an exponent stays a `NotAnInteger`, which no field accepts: `10.0` and `1e3` are never 10
   or 1000, and money is text;
4. validate with pydantic on the parsed values. Models derive from `RequestModel` (strict, unknown fields refused).

Field types for strict models over parsed JSON (`app/schemas/fields.py`): `int` and `bool` as they are; enums as
`Annotated[Exchange, Field(strict=False)]`; dates `DateIn`, instants `InstantIn`, money `MoneyIn`, text `Line[...]`
style types with a bound; arrays as `list[...]` with `max_length` (a `tuple` refuses JSON arrays).
"""

from __future__ import annotations

import email.message
import json
from collections.abc import Callable, Coroutine, Iterator, Mapping
from typing import Any, NoReturn

from fastapi import APIRouter, params
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from app.api.deps import Guard, PublicMark, desk_of
from app.api.errors import PROBLEM_MEDIA_TYPE, BodyRefused
from app.schemas.problem import FieldProblem

DEPTH_MAX = 16
INTEGER_DIGITS_MAX = 18
_HEADER_ALLOWANCE = 64

_PROBLEMS = {
    400: "A header that the call needs is missing",
    401: "No live session",
    403: "The role does not allow this, or the CSRF header is missing",
    404: "No such thing",
    405: "The path exists, the method does not",
    409: "The state of things does not allow this",
    413: "The body is too large",
    415: "The body is not application/json",
    422: "The request cannot be read",
    429: "Too many attempts",
    500: "An error of ours",
    502: "The broker gave no usable answer",
    503: "The database does not answer",
    504: "The broker did not answer in time; the outcome is not known",
}


class NotAnInteger:
    """A JSON number with a fraction or an exponent, on its way to being refused by its field."""

    __slots__ = ()

    def __init__(self, _text: str) -> None: ...


def parse(body: bytes) -> Any:
    """Return the value of a JSON document. Raises BodyRefused (422), which repeats nothing of it."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise _refused("the body is not UTF-8") from None
    try:
        value = _DECODER.decode(text)
    except RecursionError:
        raise _refused(f"the body is nested deeper than {DEPTH_MAX} levels") from None
    except json.JSONDecodeError as error:
        raise _refused(f"the body is not JSON: {error.msg.lower()} at character {error.pos}") from None
    if isinstance(value, NotAnInteger):  # a model whose fields all have defaults would read it as {}
        raise _refused("the body is not a JSON object")
    _check_depth(value)
    if "\\u" in text or "\x00" in text:
        _check_texts(value)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        repeated = next(name for name in names if names.count(name) > 1)
        raise _refused("a field is given twice", field=repeated)
    return found


def _integer(text: str) -> int:
    if len(text) > INTEGER_DIGITS_MAX:
        raise _refused(f"a number has more than {INTEGER_DIGITS_MAX} digits")
    return int(text)


def _constant(name: str) -> NoReturn:
    raise _refused(f"{name} is not a number")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=NotAnInteger, parse_constant=_constant
)


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(DEPTH_MAX + 1):
        level = [child for holder in level for child in _children(holder) if type(child) in (dict, list)]
        if not level:
            return
    raise _refused(f"the body is nested deeper than {DEPTH_MAX} levels")


def _children(holder: Any) -> Any:
    if type(holder) is dict:
        return holder.values()
    return holder if type(holder) is list else ()


def _check_texts(value: Any) -> None:
    """Databases take neither NUL nor half a surrogate pair."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if type(item) is str:
            if "\x00" in item or any("\ud800" <= sign <= "\udfff" for sign in item):
                raise _refused("a text holds a NUL or half a character")
        else:
            waiting.extend(_children(item))
            if type(item) is dict:
                waiting.extend(item.keys())


def _refused(detail: str, *, field: str = "body") -> BodyRefused:
    shown = field.encode("utf-8", "replace").decode()[:100]
    return BodyRefused(422, "invalid_input", detail, [FieldProblem(field=shown, message=detail)])


class StrictRequest(Request):
    """A request whose JSON was read and checked already."""

    def __init__(self, request: Request, body: bytes, value: Any) -> None:
        super().__init__(request.scope, request.receive)
        self._bytes = body
        self._value = value

    async def body(self) -> bytes:
        return self._bytes

    async def json(self) -> Any:
        return self._value


class StrictRoute(APIRoute):
    """See the module. Raises TypeError where a route names neither a guard nor `PUBLIC`: deny by default."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        options["responses"] = {**_problem_responses(), **(options.get("responses") or {})}
        super().__init__(path, endpoint, **options)
        calls = [dependant.call for dependant in _every(self.dependant)]
        self.guards = [call for call in calls if isinstance(call, Guard)]
        if not self.guards and not any(isinstance(call, PublicMark) for call in calls):
            raise TypeError(f"{path}: a route needs a guard (app.api.deps) or PUBLIC")
        if self.guards:
            self.openapi_extra = {"security": [{"bearer": []}, {"cookie": []}], **(self.openapi_extra or {})}

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        query_names = _query_names(self.dependant)
        takes_json = self.body_field is not None and not isinstance(self.body_field.field_info, params.Form)
        takes_form = self.body_field is not None and not takes_json

        async def strict(request: Request) -> Response:
            for guard in self.guards:
                await guard(request)
            _check_path(request)
            _check_query(request, query_names)
            if takes_form:
                return await handle(request)
            body = await _read(request, desk_of(request).settings.max_body_bytes)
            if body:
                _check_media_type(request)
            value = parse(body) if body and takes_json else None
            return await handle(StrictRequest(request, body, value))

        return strict


def desk_router(*, prefix: str = "", tags: list[str] | None = None) -> APIRouter:
    """Return a router whose routes are strict. Paths are exact: a trailing slash is another path."""
    return APIRouter(prefix=prefix, tags=list(tags or []), route_class=StrictRoute, redirect_slashes=False)


def _every(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for below in dependant.dependencies:
        yield from _every(below)


def _query_names(dependant: Dependant) -> dict[str, bool]:
    """Return the query parameters that the route knows, and whether each may be repeated (it is a list)."""
    names: dict[str, bool] = {}
    for part in _every(dependant):
        for field in part.query_params:
            annotation = field.field_info.annotation
            if isinstance(annotation, type) and issubclass(annotation, BaseModel):
                names.update(
                    {info.alias or name: _is_list(info.annotation) for name, info in annotation.model_fields.items()}
                )
            else:
                names[field.alias] = _is_list(annotation)
    return names


def _is_list(annotation: Any) -> bool:
    return "list[" in str(annotation)


def _check_path(request: Request) -> None:
    if any(isinstance(value, str) and not _is_clean(value) for value in request.path_params.values()):
        raise BodyRefused(404, "not_found", "no such thing")


def _check_query(request: Request, known: Mapping[str, bool]) -> None:
    wrong: dict[str, str] = {}
    seen: set[str] = set()
    for name, value in request.query_params.multi_items():
        if name not in known:
            wrong[name] = "unknown query parameter"
        elif name in seen and not known[name]:
            wrong[name] = "given more than once"
        elif not _is_clean(value):
            wrong[name] = "holds a control character or is not UTF-8"
        seen.add(name)
    if wrong:
        found = [FieldProblem(field=name[:100], message=message) for name, message in list(wrong.items())[:20]]
        raise BodyRefused(422, "invalid_input", f"{found[0].field}: {found[0].message}", found)


def _is_clean(text: str) -> bool:
    """U+FFFD stands where the bytes were no UTF-8."""
    if "\ufffd" in text:
        return False
    return text.isprintable() or not any(sign < " " or sign == "\x7f" for sign in text)


async def _read(request: Request, limit: int) -> bytes:
    """Raises BodyRefused (413) as soon as the body is known to be longer than `limit` bytes."""
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced[:20]) > limit:
        raise _too_large(limit)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise _too_large(limit)
    return bytes(body)


def _too_large(limit: int) -> BodyRefused:
    return BodyRefused(413, "body_too_large", f"the body is longer than {limit} bytes")


def _check_media_type(request: Request) -> None:
    given = request.headers.getlist("content-type")
    message = email.message.Message()
    message["content-type"] = given[0] if len(given) == 1 else "text/plain"
    charset = message.get_param("charset", "utf-8")
    if message.get_content_type() != "application/json" or str(charset).lower() not in {"utf-8", "utf8"}:
        raise BodyRefused(415, "unsupported_media_type", "send the body as application/json in UTF-8")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise BodyRefused(415, "unsupported_media_type", "send the body without a content encoding")


def _problem_responses() -> dict[int | str, dict[str, Any]]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {"description": description, "content": {PROBLEM_MEDIA_TYPE: {"schema": schema}}}
        for status, description in _PROBLEMS.items()
    }
