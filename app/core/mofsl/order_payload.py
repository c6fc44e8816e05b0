"""Order requests as JSON bytes: prices as exact decimal numbers, quantities in lots.

Written by hand because no encoder puts a Decimal out as a plain number, and this is the hot path.
"""

from __future__ import annotations

import re
from decimal import Decimal
from json.encoder import encode_basestring_ascii as _quoted

from app.core.mofsl.endpoints import Generation
from app.core.mofsl.errors import InvalidRequest
from app.domain.broker import AuthToken, ModifyInstruction, OrderInstruction, WireOrderType

_TAG = re.compile(r"[A-Za-z0-9]{0,10}", re.ASCII)
_CODE = re.compile(r"[A-Za-z0-9]{1,15}", re.ASCII)
_ORDER_ID_MAX_CHARS = 50
_PRICE_LIMIT = Decimal(10) ** 11  # decimal(15,4)
_LOTS_LIMIT = 10**9


def place_order_body(auth_token: AuthToken, order: OrderInstruction, header_set: Generation) -> bytes:
    """Return the body of placeorder. Raises InvalidRequest: nothing of it may be sent."""
    _check_lots(order.lots, order.quantity)
    if type(order.symbol_token) is not int or order.symbol_token <= 0:
        raise InvalidRequest("expected a positive symbol token")
    if not _TAG.fullmatch(order.tag):
        raise InvalidRequest("expected a tag of at most 10 letters and digits")
    price, trigger = _prices(order.order_type, order.price, order.trigger_price)
    participant = ',"participantcode":""' if header_set is Generation.CURRENT else ""
    return (
        f'{{"clientcode":"{wire_client_code(auth_token, order.client_code)}","exchange":"{order.exchange.value}",'
        f'"symboltoken":{order.symbol_token},"buyorsell":"{order.side.value}","ordertype":"{order.order_type.value}",'
        f'"producttype":"{order.product.value}","orderduration":"{order.validity.value}","price":{price},'
        f'"triggerprice":{trigger},"quantityinlot":{order.lots},"disclosedquantity":0,'
        f'"amoorder":"{"Y" if order.is_after_market else "N"}","goodtilldate":"","algoid":"","tag":"{order.tag}"'
        f"{participant}}}"
    ).encode("ascii")


def modify_order_body(auth_token: AuthToken, change: ModifyInstruction) -> bytes:
    """Return the body of modifyorder, a full replacement. Raises InvalidRequest: nothing of it may be sent."""
    _check_lots(change.lots, change.quantity)
    if type(change.filled_today) is not int or change.filled_today < 0:
        raise InvalidRequest("expected the quantity filled today")
    if change.last_modified_text.strip() in {"", "0"}:
        raise InvalidRequest("expected the order's last stamp: the broker refuses a change without it")
    price, trigger = _prices(change.order_type, change.price, change.trigger_price)
    return (
        f'{{"clientcode":"{wire_client_code(auth_token, change.client_code)}",'
        f'"uniqueorderid":{order_id_text(change.broker_order_id)},"newordertype":"{change.order_type.value}",'
        f'"neworderduration":"{change.validity.value}","newprice":{price},"newtriggerprice":{trigger},'
        f'"newquantityinlot":{change.lots},"newdisclosedquantity":0,"newgoodtilldate":"",'
        f'"lastmodifiedtime":{_quoted(change.last_modified_text)},"qtytradedtoday":{change.filled_today}}}'
    ).encode("ascii")


def cancel_order_body(auth_token: AuthToken, client_code: str, unique_order_id: str) -> bytes:
    """Return the body of cancelorder. Raises InvalidRequest: nothing of it may be sent."""
    code = wire_client_code(auth_token, client_code)
    return f'{{"clientcode":"{code}","uniqueorderid":{order_id_text(unique_order_id)}}}'.encode("ascii")


def order_id_text(unique_order_id: str) -> str:
    """Return the id as JSON text. Raises InvalidRequest if it cannot be one of MOFSL's."""
    if not unique_order_id.strip() or len(unique_order_id) > _ORDER_ID_MAX_CHARS:
        raise InvalidRequest("expected a broker order id of 1 to 50 characters")
    return _quoted(unique_order_id)


def price_text(price: Decimal) -> str:
    """Return `price` in rupees as a JSON number with at most four decimals, exactly. Raises InvalidRequest."""
    if not isinstance(price, Decimal) or not price.is_finite() or not 0 <= price < _PRICE_LIMIT:
        raise InvalidRequest("expected a price of at least 0 rupees")
    text = format(price, "f")
    whole, _, decimals = text.partition(".")
    if len(decimals) > 4:
        decimals = decimals.rstrip("0")
        if len(decimals) > 4:
            raise InvalidRequest("expected a price with at most four decimals")
        return f"{whole}.{decimals}" if decimals else whole
    return text


def _prices(order_type: WireOrderType, price: Decimal, trigger_price: Decimal) -> tuple[str, str]:
    texts = price_text(price), price_text(trigger_price) if trigger_price else "0"
    if order_type is WireOrderType.LIMIT and not price > 0:
        raise InvalidRequest("expected a price above 0 for a limit order")
    if order_type is WireOrderType.MARKET and price != 0:
        raise InvalidRequest("expected no price for a market order")
    if (order_type is WireOrderType.STOPLOSS) != (trigger_price > 0):
        raise InvalidRequest("expected a trigger price for a stop-loss order, and for no other")
    return texts


def _check_lots(lots: int, quantity: int) -> None:
    are_whole = type(lots) is int and type(quantity) is int
    if not are_whole or not 0 < lots < _LOTS_LIMIT or quantity < lots or quantity % lots:
        raise InvalidRequest("expected whole lots above 0 that divide the quantity")


def wire_client_code(auth_token: AuthToken, client_code: str) -> str:
    """Return the code as it travels: named with a dealer's token, blank with an investor's own.

    Raises InvalidRequest for an investor's token and another client: the call would reach the token's owner.
    """
    if not auth_token.is_dealer:
        if client_code != auth_token.user_id and client_code.upper() != auth_token.user_id.upper():
            raise InvalidRequest("expected the session of the client itself, or a dealer's", reason="other_client")
        return ""
    if not _CODE.fullmatch(client_code):
        raise InvalidRequest("expected a client code of 1 to 15 letters and digits")
    return client_code
