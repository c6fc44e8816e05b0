"""The desk's stores in memory: the same uniqueness and the same refusals as on a database, one commit at a time."""

from proof.memory.controls import MemoryOrderControl
from proof.memory.engine import MemoryEngineStore
from proof.memory.exits import MemoryExitStore
from proof.memory.fills import MemoryFillStore
from proof.memory.tables import ConstraintBroken, Tables
from proof.memory.trading import MemoryTradingStore
from proof.memory.views import MemoryOrderViews

__all__ = [
    "ConstraintBroken",
    "MemoryEngineStore",
    "MemoryExitStore",
    "MemoryFillStore",
    "MemoryOrderControl",
    "MemoryOrderViews",
    "MemoryTradingStore",
    "Tables",
]
