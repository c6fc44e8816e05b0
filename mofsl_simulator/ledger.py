"""The truth, for checking: every order ever accepted, whatever became of its answer."""

from typing import Any

from mofsl_simulator import money
from mofsl_simulator.accounts import Account, Login
from mofsl_simulator.broker import Broker
from mofsl_simulator.clock import utc_text
from mofsl_simulator.orders import Order

Row = dict[str, Any]


class UnknownOrder(LookupError):
    """`since` names an order that was never accepted."""


def order_entry(order: Order) -> Row:
    """Prices as decimal text, quantities in units, instants in UTC of the simulated clock."""
    return {
        "uniqueorderid": order.unique_id,
        "tag": order.tag,
        "clientcode": order.account.code,
        "exchange": order.instrument.exchange,
        "symboltoken": order.instrument.token,
        "buyorsell": "BUY" if order.is_buy else "SELL",
        "producttype": order.product,
        "ordertype": order.order_type,
        "quantity": order.quantity,
        "lots": order.lots,
        "price": money.text(order.price_points),
        "triggerprice": money.text(order.trigger_points),
        "status": order.status.value,
        "error": order.error,
        "filled": order.filled,
        "average_price": money.text(money.divide(order.fill_amount_points, order.filled)),
        "fills": [
            {
                "tradeno": fill.trade_no,
                "quantity": fill.quantity,
                "price": money.text(fill.price_points),
                "at": utc_text(fill.at_s),
            }
            for fill in order.fills
        ],
        "accepted_at": utc_text(order.accepted_s),
        "amoorder": "Y" if order.is_amo else "N",
        "source_address": order.source_address,
        "via": order.via,
    }


def ledger(broker: Broker, since: str | None = None) -> Row:
    """Orders in order of acceptance, those after `since` only; raises UnknownOrder."""
    orders = broker.market.all_orders
    if since:
        # Searched from the end: ids may repeat in another month, and callers ask for recent ones.
        for position in range(len(orders) - 1, -1, -1):
            if orders[position].unique_id == since:
                orders = orders[position + 1 :]
                break
        else:
            raise UnknownOrder(since)
    return {
        "orders": [order_entry(order) for order in orders],
        "positions": [row for account in broker.accounts.values() for row in _positions(account)],
        "requests": dict(broker.requests),
    }


def _positions(account: Account) -> list[Row]:
    return [
        {
            "clientcode": account.code,
            "exchange": position.instrument.exchange,
            "symboltoken": position.instrument.token,
            "producttype": position.product,
            "net": position.net,
            "average_price": money.text(position.average_points()),
        }
        for position in account.positions.values()
    ]


def login_entry(login: Login) -> Row:
    return {
        "clientcode": login.code,
        "name": login.name,
        "api_key": login.api_key,
        "api_secret": login.api_secret,
        "password": login.password,
        "two_fa": login.two_fa,
        "totp_secret": login.totp_secret,
        "registered_addresses": sorted(login.registered),
    }


def accounts(broker: Broker) -> Row:
    return {
        "accounts": [login_entry(account) for account in broker.accounts.values()],
        "dealers": [
            login_entry(dealer) | {"mapped_clients": sorted(dealer.mapped)} for dealer in broker.dealers.values()
        ],
    }
