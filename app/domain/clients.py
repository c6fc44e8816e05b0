"""Accounts and the logins that serve them, and what makes their details well formed. No secret is kept here."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.domain.errors import Conflict, InvalidInput, NotFound

LONGEST_NAME = 100
MOST_GROUPS = 20
LONGEST_GROUP = 40
_CODE = re.compile(r"[A-Z0-9]{1,15}")  # mofsl/API.md: clientcode is str(15), sent in capitals


@dataclass(frozen=True, slots=True)
class Client:
    id: str
    name: str
    mofsl_client_code: str
    dealer_id: str | None
    egress_id: str | None
    groups: tuple[str, ...]
    is_active: bool
    shard: int
    credentials_changed_at: datetime | None
    created_at: datetime
    updated_at: datetime
    has_credentials: bool = False  # all five secrets are stored for it

    @property
    def login_id(self) -> str:
        """Whose broker session carries its orders: its dealer's, or its own."""
        return self.dealer_id or self.id


@dataclass(frozen=True, slots=True)
class Dealer:
    """A dealer login serving many client codes."""

    id: str
    name: str
    dealer_code: str
    egress_id: str | None
    is_active: bool
    credentials_changed_at: datetime | None
    created_at: datetime
    updated_at: datetime


class ClientNotFound(NotFound):
    default_code = "client_not_found"


class DealerNotFound(NotFound):
    default_code = "dealer_not_found"


class ClientCodeTaken(Conflict):
    default_code = "client_code_taken"


class DealerCodeTaken(Conflict):
    default_code = "dealer_code_taken"


class ClientHasLiveOrders(Conflict):
    default_code = "client_has_live_orders"


class DealerHasLiveOrders(Conflict):
    default_code = "dealer_has_live_orders"


def account_code(text: str, *, field: str) -> str:
    """Return MOFSL's code in capitals. Raises InvalidInput unless it is 1 to 15 of A-Z and 0-9."""
    code = text.strip().upper()
    if not _CODE.fullmatch(code):
        raise InvalidInput("must be 1 to 15 letters A-Z and digits", field=field)
    return code


def plain_name(text: str, *, field: str = "name", longest: int = LONGEST_NAME) -> str:
    """Return `text` in Unicode NFC without outer spaces. Raises InvalidInput if empty, long, or not printable."""
    name = unicodedata.normalize("NFC", text).strip()
    if not name:
        raise InvalidInput("must not be empty", field=field)
    if len(name) > longest:
        raise InvalidInput(f"must have at most {longest} characters", field=field)
    if any(unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for sign in name):
        # format characters too: a right-to-left mark in a name can make one client look like another
        raise InvalidInput("must not hold control or invisible characters", field=field)
    return name


def plain_groups(groups: Sequence[str]) -> tuple[str, ...]:
    """Return the group names, normalised, each once, in the order given. Raises InvalidInput."""
    if len(groups) > MOST_GROUPS:
        raise InvalidInput(f"must name at most {MOST_GROUPS} groups", field="groups")
    names = (plain_name(group, field="groups", longest=LONGEST_GROUP) for group in groups)
    return tuple(dict.fromkeys(names))
