"""Where streams hook in: callbacks for every order change, fill and price change."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mofsl_simulator.instruments import Instrument
    from mofsl_simulator.orders import Fill, Order


class Events:
    """Callbacks run at once, in the order of registration, and must not block."""

    def __init__(self) -> None:
        self.on_order: list[Callable[[Order], None]] = []
        self.on_fill: list[Callable[[Order, Fill], None]] = []
        self.on_price: list[Callable[[Instrument], None]] = []
        self.on_day: list[Callable[[], None]] = []

    def order_changed(self, order: "Order") -> None:
        for listener in self.on_order:
            listener(order)

    def filled(self, order: "Order", fill: "Fill") -> None:
        for listener in self.on_fill:
            listener(order, fill)

    def price_changed(self, instrument: "Instrument") -> None:
        for listener in self.on_price:
            listener(instrument)

    def day_begun(self) -> None:
        """New closes and bands for everything."""
        for listener in self.on_day:
            listener()
