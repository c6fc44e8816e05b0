"""Clients: the dashboard's rows for everyone, their keeping and their import for administrators."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response, UploadFile

from app.api.deps import ClientManager, CurrentDesk, PageQuery, Viewer
from app.api.strict_json import desk_router
from app.api.uploads import upload_router
from app.domain.credentials import InvalidFields
from app.schemas.accounts import (
    ClientCreate,
    ClientList,
    ClientPatch,
    ClientRead,
    ClientRowList,
    ImportProblem,
    ImportRead,
    ImportRowRead,
)
from app.services.import_clients import ImportResult
from app.services.manage_clients import ClientChange, NewClient

_MOST_PROBLEMS = 100

admin = desk_router(prefix="/admin/clients", tags=["clients"])
uploads = upload_router(prefix="/admin/clients", tags=["clients"])
dashboard = desk_router(prefix="/api/v1/clients", tags=["clients"])

ClientId = Annotated[str, Path(min_length=1, max_length=64)]
Search = Annotated[str, Query(max_length=100, description="Part of a name or client code")]


@uploads.post("/import")
async def import_clients(
    desk: CurrentDesk, who: ClientManager, file: UploadFile, dry_run: Annotated[bool, Query()] = False
) -> ImportRead:
    """Add the clients of a CSV or XLSX file: all of them, or none and 422 `import_refused`.

    With `dry_run` nothing is added, and the answer holds the verdict on every row.
    """
    result = await desk.accounts.imports.from_file(who.actor, await file.read(), dry_run=dry_run)
    if not result.ok and not dry_run:
        raise _refused(result)
    rows = [
        ImportRowRead(
            row=verdict.row,
            mofsl_client_code=verdict.mofsl_client_code,
            ok=verdict.ok,
            errors=[ImportProblem(field=name, message=message) for name, message in verdict.errors],
        )
        for verdict in result.rows
    ]
    return ImportRead(ok=result.ok, dry_run=dry_run, imported=result.imported, total=len(rows), rows=rows)


@admin.post("", status_code=201)
async def create_client(desk: CurrentDesk, who: ClientManager, given: ClientCreate) -> ClientRead:
    """Add a client. Its secrets are sealed before they are stored, and never come back in any form."""
    new = NewClient(
        name=given.name,
        mofsl_client_code=given.mofsl_client_code,
        secrets=given.secrets(),
        dealer_id=given.dealer_id,
        egress_id=given.egress_id,
        groups=given.groups,
        is_active=given.is_active,
    )
    return ClientRead.model_validate(await desk.accounts.clients.create(who.actor, new))


@admin.get("")
async def list_clients(desk: CurrentDesk, _who: ClientManager, paging: PageQuery, q: Search = "") -> ClientList:
    found, total = await desk.accounts.clients.page(q=q, offset=paging.offset, limit=paging.limit)
    return ClientList(items=[ClientRead.model_validate(client) for client in found], total=total)


@admin.get("/{client_id}")
async def read_client(desk: CurrentDesk, _who: ClientManager, client_id: ClientId) -> ClientRead:
    return ClientRead.model_validate(await desk.accounts.clients.get(client_id))


@admin.patch("/{client_id}")
async def change_client(desk: CurrentDesk, who: ClientManager, client_id: ClientId, given: ClientPatch) -> ClientRead:
    """Change what is named, and nothing else. New credentials or another dealer lead to a new login."""
    change = ClientChange(given.values(), given.secrets())
    return ClientRead.model_validate(await desk.accounts.clients.change(who.actor, client_id, change))


@admin.delete("/{client_id}")
async def delete_client(desk: CurrentDesk, who: ClientManager, client_id: ClientId) -> ClientRead:
    """Deactivate a client; its orders and audit trail stay. 409 `client_has_live_orders` while any order lives."""
    return ClientRead.model_validate(await desk.accounts.clients.deactivate(who.actor, client_id))


@dashboard.get("", response_model=ClientRowList, responses={304: {"description": "Unchanged since If-None-Match"}})
async def client_rows(desk: CurrentDesk, _who: Viewer, request: Request, paging: PageQuery, q: Search = "") -> Response:
    """Return the dashboard's rows by name. Funds and profit are null, never 0, where they are not known."""
    etag, body = await desk.accounts.client_list.page(
        q=q, offset=paging.offset, limit=paging.limit, known=_known_etags(request)
    )
    if body is None:
        return Response(status_code=304, headers={"ETag": etag})
    return Response(body, media_type="application/json", headers={"ETag": etag})


router = APIRouter()
router.include_router(dashboard)
router.include_router(uploads)  # before /admin/clients/{client_id}
router.include_router(admin)


def _known_etags(request: Request) -> set[str]:
    given = ",".join(request.headers.getlist("if-none-match"))
    return {part.strip().removeprefix("W/") for part in given.split(",")}


def _refused(result: ImportResult) -> InvalidFields:
    wrong = [verdict for verdict in result.rows if not verdict.ok]
    problems = [(f"rows.{verdict.row}.{name}", message) for verdict in wrong for name, message in verdict.errors]
    error = InvalidFields(tuple(problems[:_MOST_PROBLEMS]))
    error.code = "import_refused"
    error.message = f"{len(wrong)} of {len(result.rows)} rows are wrong, so none was added"
    return error
