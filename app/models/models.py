"""Every table of the desk, by its promised path. The classes live beside this file, by subject."""

from app.models.accounts import BrokerSession, Client, Dealer, Egress
from app.models.audit import AuditEvent
from app.models.base import Base
from app.models.identity import SignInThrottle, User, UserSession
from app.models.limits import HardLimit, RestrictedInstrument
from app.models.live import SocketTicket
from app.models.market import (
    BandReading,
    Holding,
    HoldingsReading,
    InstrumentMaster,
    Margin,
    Position,
    PriceBand,
    Token,
)
from app.models.trading import Batch, DeskState, ExitCheck, Order, OrderEvent, TagCounter, Trade

__all__ = [
    "AuditEvent",
    "BandReading",
    "Base",
    "Batch",
    "BrokerSession",
    "Client",
    "Dealer",
    "DeskState",
    "Egress",
    "ExitCheck",
    "HardLimit",
    "Holding",
    "HoldingsReading",
    "InstrumentMaster",
    "Margin",
    "Order",
    "OrderEvent",
    "Position",
    "PriceBand",
    "RestrictedInstrument",
    "SignInThrottle",
    "SocketTicket",
    "TagCounter",
    "Token",
    "Trade",
    "User",
    "UserSession",
]
