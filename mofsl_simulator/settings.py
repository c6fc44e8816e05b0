"""The switch panel: every reading of the broker that only a live account can confirm, and the simulator's pace."""

from dataclasses import dataclass, fields
from typing import Any, Literal, get_args, get_origin

EmptyForm = Literal["code", "null", "blank", "list"]


class BadSetting(ValueError):
    """A name or value that no switch has; the message says which."""


@dataclass(slots=True)
class Settings:
    placeorder_ms: float = 20.0
    default_ms: float = 5.0
    confirm_ms: float = 20.0
    """From acceptance to the exchange's answer (or the asynchronous refusal)."""
    fill_ms: float = 20.0
    """From the exchange's answer to the fill of a crossing order, and between partial fills."""
    tag_echo: Literal["plain", "off", "lower", "padded", "truncated"] = "plain"
    trade_price_scaled: bool = False
    """Trade book prices times 10^precision, as in one documented sample."""
    average_price_scaled: bool = False
    """Order book `averageprice` times 100, as in one documented sample."""
    empty_book: EmptyForm = "code"
    untouched_lastmodifiedtime: Literal["entry", "zero"] = "entry"
    second_login_ends_first: bool = False
    max_sessions: int = 50
    totp_reuse_refused: bool = False
    throttle_answer: Literal["http_429", "envelope", "html_429", "off"] = "http_429"
    orders_per_second: int = 10
    reads_per_second: int = 0
    """Per login and endpoint; 0 sets no limit."""
    trade_time_form: Literal["long", "short"] = "long"
    failure_http_status: int = 200
    """HTTP status beside a refusal of key, token or source address (integrations report 403)."""
    market_orders_allowed: bool = False
    slm_orders_allowed: bool = False
    quantity_in_units: bool = False
    """Read `quantityinlot` as units, the other reading of lots against units."""
    partial_fill_pieces: int = 1
    """Every crossing order is filled in this many pieces."""
    index_ltp_form: Literal["array", "object"] = "array"
    status_words: Literal["documented", "upper", "odd"] = "documented"
    max_broadcast_limit: int = 200
    price_tick_ms: float = 500.0
    feed_ticks_per_s: int = 0
    """Made-up moves of the registered instruments, each one a packet; 0 leaves the natural walk alone."""
    feed_conflate_ms: float = 50.0
    """The feed says only the last price of this span (at most a second); 0 sends every change at once."""
    feed_packets_per_frame: int = 400
    feed_index_ms: float = 1000.0
    feed_heartbeat_s: float = 30.0
    """0 sends none."""
    feed_missed_heartbeats: int = 2
    """Unanswered heartbeats that end a connection; 0 never ends one."""
    feed_enforces_limit: bool = False
    """Ignore registrations of a client code beyond `max_broadcast_limit`."""
    trade_socket_acks: Literal["none", "authorise", "all"] = "authorise"
    trade_socket_unauthorised: Literal["error", "silence"] = "error"
    trade_socket_idle_s: float = 0.0
    """Silence of the client that ends a connection; 0 never ends one."""

    def update(self, changes: dict[str, Any]) -> None:
        """Apply all changes or none; raises BadSetting."""
        known = {field.name: field.type for field in fields(self)}
        for name, value in changes.items():
            if name not in known:
                raise BadSetting(f"unknown setting {name!r}; known: {', '.join(sorted(known))}")
            _check(name, value, known[name])
        for name, value in changes.items():
            setattr(self, name, value)

    def as_dict(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}


def _check(name: str, value: Any, kind: Any) -> None:
    if get_origin(kind) is Literal:
        if value not in get_args(kind):
            raise BadSetting(f"{name} must be one of {', '.join(get_args(kind))}, found {value!r}")
    elif kind is bool:
        if not isinstance(value, bool):
            raise BadSetting(f"{name} must be true or false, found {value!r}")
    elif isinstance(value, bool) or not isinstance(value, int if kind is int else int | float) or value < 0:
        raise BadSetting(f"{name} must be a number of at least 0, found {value!r}")
