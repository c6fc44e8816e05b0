"""What a preview says beside its verdicts."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from app.schemas.base import InstantOut, MoneyOut, ReadModel


class ShortfallRead(ReadModel):
    """A client whose delivery buys need more than it had when the broker was last read. Rupees."""

    client_id: str
    client_name: str
    needed: MoneyOut
    available: MoneyOut
    as_of: InstantOut


class EstimateRead(ReadModel):
    """What the orders that would leave come to at their planned prices. Null where it is not known, with the reason.

    Nothing here blocks an order. `stt` is the securities transaction tax alone: no brokerage, stamp duty, GST or fees.
    """

    most_orders_of_a_client: int = Field(description="Slices counted")
    sending_s: float = Field(description="How long the last order waits for the rate limit, at least, in seconds")
    stt: MoneyOut | None
    stt_reason: str | None
    stt_since: date | None = Field(description="From when the rates hold")
    funds_needed: MoneyOut | None = Field(description="The most that the delivery buys can cost, without charges")
    funds_reason: str | None
    funds_not_known: int = Field(description="Clients that buy for delivery and whose funds were never read")
    funds_oldest_as_of: InstantOut | None = Field(description="The oldest reading that was compared")
    short_of_funds: list[ShortfallRead]
