"""The API's documentation as a page for a person, without scripts.

It is drawn here from the OpenAPI document: the usual viewers load their code from other hosts, which our
content policy refuses, and which a desk without internet access could not reach.
"""

from __future__ import annotations

from html import escape
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse

from app.api.deps import PUBLIC
from app.api.strict_json import desk_router

router = desk_router(tags=["Pages"])

_FRAME = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
</head>
<body>
<main>
<h1>{title}</h1>
{content}
</main>
</body>
</html>
"""


@router.get("/app", dependencies=[PUBLIC], include_in_schema=False)
async def to_the_dashboard() -> RedirectResponse:
    return RedirectResponse("/app/", status_code=308)


@router.get("/docs", dependencies=[PUBLIC], include_in_schema=False)
async def documentation(request: Request) -> HTMLResponse:
    return HTMLResponse(_page("Trading Platform API", _drawn(request.app.openapi())))


def _page(title: str, content: str) -> str:
    return _FRAME.format(title=escape(title), content=content)


def _drawn(document: dict[str, Any]) -> str:
    schemas = document.get("components", {}).get("schemas", {})
    parts = ['<p>The same for programs: <a href="/openapi.json">openapi.json</a>.</p>']
    for path, operations in sorted(document["paths"].items()):
        parts += [_operation(method, path, operation) for method, operation in operations.items()]
    parts.append("<h2>Shapes</h2>")
    parts += [_shape(name, schema) for name, schema in sorted(schemas.items())]
    return "\n".join(parts)


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    rows = [
        f"<li><code>{escape(item['name'])}</code> ({escape(item['in'])}{', needed' if item.get('required') else ''}):"
        f" {_type(item.get('schema', {}))}</li>"
        for item in operation.get("parameters", [])
    ]
    bodies = operation.get("requestBody", {}).get("content", {}).values()
    rows += [f"<li>body: {_type(media.get('schema', {}))}</li>" for media in bodies]
    for status, answer in sorted(operation.get("responses", {}).items()):
        shown = [_type(media.get("schema", {})) for media in answer.get("content", {}).values()]
        if status.startswith("2"):
            rows.append(f"<li>{escape(status)}: {', '.join(shown) or escape(answer.get('description', ''))}</li>")
    text = escape(operation.get("description") or operation.get("summary") or "")
    return f"<h2><code>{escape(method.upper())} {escape(path)}</code></h2>\n<p>{text}</p>\n<ul>{''.join(rows)}</ul>"


def _shape(name: str, schema: dict[str, Any]) -> str:
    needed = set(schema.get("required", []))
    rows = [
        f"<li><code>{escape(field)}</code>{' (needed)' if field in needed else ''}: {_type(kind)}</li>"
        for field, kind in schema.get("properties", {}).items()
    ]
    if "enum" in schema:
        rows.append(f"<li>{_type(schema)}</li>")
    text = escape(schema.get("description", ""))
    return f'<h3 id="{escape(name)}">{escape(name)}</h3>\n<p>{text}</p>\n<ul>{"".join(rows)}</ul>'


def _type(schema: dict[str, Any]) -> str:
    """Return a short text for a JSON schema, with links to the shapes that it names."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    if "enum" in schema:
        return " | ".join(f"<code>{escape(str(value))}</code>" for value in schema["enum"])
    for joint in ("anyOf", "oneOf", "allOf"):
        if joint in schema:
            return " or ".join(_type(part) for part in schema[joint])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return escape(str(schema.get("const", schema.get("format", schema.get("type", "any")))))
