"""Whether the market takes an order now: trading hours, and a scrip master that may be believed (F54, F58)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.domain.instruments import CASH, Instrument
from app.domain.market_calendar import MarketCalendar, Phase
from app.services.instruments import InstrumentCatalogue

_AFTER_MARKET_PHASES = frozenset({Phase.CLOSED, Phase.HOLIDAY})


@dataclass(frozen=True, slots=True)
class HoursAndMaster:
    """Implements the planning port `MarketGate`."""

    calendar: MarketCalendar
    catalogue: InstrumentCatalogue

    def refusal(self, instrument: Instrument, *, at: datetime, is_after_market: bool) -> tuple[str, str] | None:
        """Return a code and a sentence, or None. A stale master stops derivatives: their lots change with it."""
        if instrument.exchange not in CASH and self.catalogue.state(instrument.exchange).is_stale:
            reason = f"The instrument list of {instrument.exchange} is not of today, so lot sizes are not certain."
            return "instrument_master_stale", reason
        if instrument.exchange not in CASH and instrument.freeze_quantity is None:
            return "freeze_quantity_unknown", (
                f"The largest order that {instrument.exchange} takes of {instrument.name} is not known for today: "
                "the instrument list gives none. Sync the instruments again; nothing is sent until it is known."
            )
        has_derivatives = self.catalogue.has_derivatives(instrument)
        now = self.calendar.phase(instrument.exchange, at, has_derivatives=has_derivatives)
        if now.code == "calendar_stale":
            return now.code, now.reason
        if not is_after_market:
            return None if now.code is None else (now.code, now.reason)
        if now.phase in _AFTER_MARKET_PHASES:
            return None
        return "market_not_closed", f"An after-market order is taken only after hours. {now.reason}"
