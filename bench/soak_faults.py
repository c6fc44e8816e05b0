"""The faults of the market feed that a soak goes through, and how soon the desk says what is so."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from bench.live_floor import LiveFloor

NOTICED_WITHIN_S, BACK_WITHIN_S = 3.0, 5.0
_PATIENCE_S = 60.0  # what takes longer than the goal is still measured
_POLL_S = 0.05
_SHOWN_EVERYWHERE_S = 0.5  # profit is judged four times a second
_READABLE_FOR_S = 5.0


@dataclass(frozen=True, slots=True)
class FeedFault:
    """`actions` are set together; `stops` says that prices then no longer come."""

    name: str
    actions: tuple[tuple[str, object], ...]
    stops: bool


FAULTS = (
    FeedFault("cut", (("refuse", 503), ("cut", "abrupt")), stops=True),
    FeedFault("silence", (("silence", None),), stops=True),
    FeedFault("garbled", (("garble", None),), stops=True),
    FeedFault("half packets", (("half_packets", "lost"),), stops=False),
    FeedFault("clock jump", (("clock_jump", 86_400 * 30),), stops=False),
    FeedFault("cut, reopened at once", (("cut", "clean"),), stops=False),
    FeedFault("clock set back", (("clock_jump", -86_400 * 30),), stops=False),
    FeedFault("unknown types", (("unknown_types", 5),), stops=False),
)


@dataclass
class FaultFigures:
    """Seconds from each fault to the desk's word, and from its end to live prices; and what was wrong meanwhile."""

    noticed_s: list[float] = field(default_factory=list)
    back_s: list[float] = field(default_factory=list)
    called_live: int = 0  # clients' profits, while no price came
    wrong: int = 0  # clients' profits, with the prices at rest again
    count: int = 0


def go_through(desk: LiveFloor, fault: FeedFault, figures: FaultFigures) -> None:
    """Set `fault`, watch the desk, end it, watch the desk again, and compare every profit at rest."""
    figures.count += 1
    began_s = time.monotonic()
    for action, value in fault.actions:
        desk.floor.fault(action, value, path="feed")
    if fault.stops:
        figures.noticed_s.append(_until(lambda: desk.floor.feed_status() != "live", since_s=began_s))
        time.sleep(_SHOWN_EVERYWHERE_S)
        figures.called_live += desk.called_live()
    else:
        time.sleep(_READABLE_FOR_S)
    desk.floor.clear_faults()
    ended_s = time.monotonic()
    figures.back_s.append(_until(lambda: desk.floor.feed_status() == "live", since_s=ended_s))
    desk.freeze(is_frozen=True)
    figures.wrong += len(desk.wrong_profits(patience_s=_PATIENCE_S))
    desk.freeze(is_frozen=False)


def _until(holds: Callable[[], bool], *, since_s: float) -> float:
    """Return the seconds from `since_s` until `holds`, or the whole patience."""
    while not holds():
        if time.monotonic() - since_s > _PATIENCE_S:
            break
        time.sleep(_POLL_S)
    return time.monotonic() - since_s
