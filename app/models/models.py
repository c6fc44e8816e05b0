"""Every table of the desk, by its promised path. The classes live beside this file, by subject."""

from app.models.accounts import BrokerSession, Client, Dealer, Egress
from app.models.audit import AuditEvent
from app.models.base import Base
from app.models.identity import SignInThrottle, User, UserSession
from app.models.market import InstrumentMaster, Margin, Position, Token
from app.models.trading import Batch, DeskState, ExitCheck, Order, OrderEvent, TagCounter, Trade

__all__ = [
    "AuditEvent",
    "Base",
    "Batch",
    "BrokerSession",
    "Client",
    "Dealer",
    "DeskState",
    "Egress",
    "ExitCheck",
    "InstrumentMaster",
    "Margin",
    "Order",
    "OrderEvent",
    "Position",
    "SignInThrottle",
    "TagCounter",
    "Token",
    "Trade",
    "User",
    "UserSession",
]
