"""Instruments: search, one instrument, its price."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query

from app.api.deps import CurrentDesk, Viewer
from app.api.strict_json import desk_router
from app.domain.errors import InvalidInput, NotFound
from app.domain.instruments import Exchange, Instrument, parse_instrument_id
from app.schemas.instruments import QuoteRead, TokenRead, TokenSearchRead
from app.services.instruments import InstrumentCatalogue

LONGEST_QUERY = 64
MOST_RESULTS = 50

router = desk_router(prefix="/api/v1/tokens", tags=["instruments"])

InstrumentId = Annotated[str, Path(description="EXCHANGE:symbol_token, such as NSE:1660", max_length=24)]


@router.get("/search")
async def search_tokens(
    desk: CurrentDesk,
    _who: Viewer,
    q: Annotated[str, Query(min_length=1, max_length=LONGEST_QUERY, description="Symbol, company, contract or id")],
    exchange: Annotated[Exchange | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_RESULTS)] = 20,
) -> TokenSearchRead:
    """Return instruments, best match first: exact symbol, prefix, words, typos."""
    if not q.strip():
        raise InvalidInput("type at least one letter or digit", field="q")
    catalogue: InstrumentCatalogue = desk.catalogue
    found = catalogue.search(q, exchange=exchange, limit=limit)
    return TokenSearchRead(items=[TokenRead.model_validate(instrument) for instrument in found])


@router.get("/{instrument_id}")
async def read_token(desk: CurrentDesk, _who: Viewer, instrument_id: InstrumentId) -> TokenRead:
    return TokenRead.model_validate(_known(desk.catalogue, instrument_id))


@router.get("/{instrument_id}/quote")
async def read_quote(desk: CurrentDesk, _who: Viewer, instrument_id: InstrumentId) -> QuoteRead:
    """Return a price no older than the desk would trade on; 502 `quote_unavailable` where there is none.

    Asking puts the instrument on the market feed for a minute, and `ltp` then comes from there while it is newer.
    """
    instrument = _known(desk.catalogue, instrument_id)
    quote = await desk.quotes.whole_quote(
        instrument.exchange, instrument.symbol_token, max_age_s=desk.settings.quote_max_age_s
    )
    return QuoteRead.model_validate(quote)


def _known(catalogue: InstrumentCatalogue, instrument_id: str) -> Instrument:
    try:
        exchange, symbol_token = parse_instrument_id(instrument_id)
    except ValueError as error:
        raise InvalidInput(str(error), field="instrument_id") from error
    instrument = catalogue.get(exchange, symbol_token)
    if instrument is None:
        raise NotFound(f"no instrument {instrument_id} is known", code="instrument_not_found")
    return instrument
