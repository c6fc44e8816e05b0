"""One request on its way through the broker."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mofsl_simulator.accounts import VENDOR_NAME, Account, Dealer
from mofsl_simulator.endpoints import Endpoint
from mofsl_simulator.envelopes import Refusal
from mofsl_simulator.orders import Effects, Order
from mofsl_simulator.sessions import Session

if TYPE_CHECKING:
    from mofsl_simulator.broker import Broker


@dataclass(slots=True)
class Call:
    broker: "Broker"
    endpoint: Endpoint
    headers: Mapping[str, str]
    body: dict[str, Any]
    source: str
    session: Session | None = field(default=None, repr=False)
    effects: Effects | None = None
    """What faults will do to the order that this call places."""
    order: Order | None = None
    """Set by placeorder."""
    hides_rows: bool = False
    """A flapping book: this read finds nothing."""
    shows_until_s: float | None = None
    """A stale book: orders accepted later (monotonic seconds) are not shown."""

    def living_session(self) -> Session:
        if self.session is None:
            raise Refusal("MO8003")
        return self.session

    def account(self) -> Account:
        """Whose books the call is about; raises Refusal by the rules of dealer and investor logins."""
        login = self.living_session().login
        value = self.body.get("clientcode")
        code = value.strip().upper() if isinstance(value, str) else ""
        if isinstance(login, Account):
            if code and code != login.code:
                raise Refusal("MO1001")
            return login
        return self._mapped_account(login, code)

    def _mapped_account(self, login: object, code: str) -> Account:
        if not isinstance(login, Dealer) or not code:
            raise Refusal("MO1062")
        if code == login.code:
            raise Refusal("MO1087")
        if code == VENDOR_NAME:
            raise Refusal("MO1088")
        if code not in login.mapped:
            raise Refusal("MO1098")
        return self.broker.accounts[code]
