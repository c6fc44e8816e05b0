"""The interfaces that adapters implement."""

from app.domain.ports.broker import Broker
from app.domain.ports.clock import Clock
from app.domain.ports.sessions import ClientLogin, SessionBook

__all__ = ["Broker", "ClientLogin", "Clock", "SessionBook"]
