"""Clients, dealers, egresses and broker logins. Requests take credentials as SecretStr; no Read model has one."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr, StringConstraints

from app.domain.broker_sessions import LoginKind, SessionState
from app.domain.egresses import EgressKind
from app.schemas.base import InstantOut, MoneyOut, ReadModel, RequestModel
from app.schemas.fields import FilledLine

SecretIn = Annotated[SecretStr, StringConstraints(min_length=1, max_length=200)]
NameIn = Annotated[FilledLine, StringConstraints(max_length=100)]
CodeIn = Annotated[str, StringConstraints(min_length=1, max_length=15, pattern=r"^[A-Za-z0-9]+$")]
GroupIn = Annotated[FilledLine, StringConstraints(max_length=40)]
GroupsIn = Annotated[list[GroupIn], Field(max_length=20)]
IdIn = Annotated[str, StringConstraints(min_length=1, max_length=64)]
ValueIn = Annotated[str, StringConstraints(max_length=300)]
AddressIn = Annotated[str, StringConstraints(min_length=1, max_length=64)]
EgressKindIn = Annotated[EgressKind, Field(strict=False)]

SECRETS = ("api_key", "api_secret", "password", "two_fa", "totp_secret")


class _Secrets(RequestModel):
    """A client with a dealer needs none of the five; any other login needs all."""

    api_key: SecretIn | None = None
    api_secret: SecretIn | None = None
    password: SecretIn | None = None
    two_fa: SecretIn | None = Field(default=None, description="PAN in capitals, or date of birth as dd/mm/yyyy")
    totp_secret: SecretIn | None = Field(default=None, description="base32")

    def secrets(self) -> dict[str, str | None]:
        """Return the plaintext of those that were given, on its way to be sealed."""
        given = ((name, getattr(self, name)) for name in SECRETS if name in self.model_fields_set)
        return {name: value.get_secret_value() if value is not None else None for name, value in given}


class _SecretChanges(RequestModel):
    """A secret is replaced or left alone: null and empty text are refused."""

    api_key: SecretIn = Field(default_factory=lambda: SecretStr(""))
    api_secret: SecretIn = Field(default_factory=lambda: SecretStr(""))
    password: SecretIn = Field(default_factory=lambda: SecretStr(""))
    two_fa: SecretIn = Field(default_factory=lambda: SecretStr(""))
    totp_secret: SecretIn = Field(default_factory=lambda: SecretStr(""))

    def secrets(self) -> dict[str, str | None]:
        """Return the plaintext of those that were given, on its way to be sealed."""
        return {name: getattr(self, name).get_secret_value() for name in SECRETS if name in self.model_fields_set}

    def values(self) -> dict[str, object]:
        """Return what was given beside secrets."""
        return {name: getattr(self, name) for name in self.model_fields_set if name not in SECRETS}


class ClientBase(ReadModel):
    name: str
    mofsl_client_code: str


class ClientCreate(_Secrets):
    name: NameIn
    mofsl_client_code: CodeIn
    dealer_id: IdIn | None = None
    egress_id: IdIn | None = None
    groups: GroupsIn = Field(default_factory=list)
    is_active: bool = True


class ClientPatch(_SecretChanges):
    """Only what is named changes. `dealer_id` and `egress_id` may be null: none."""

    name: NameIn = Field(default_factory=str)
    mofsl_client_code: CodeIn = Field(default_factory=str)
    dealer_id: IdIn | None = None
    egress_id: IdIn | None = None
    groups: GroupsIn = Field(default_factory=list)
    is_active: bool = True


class ClientRead(ClientBase):
    id: str
    dealer_id: str | None
    egress_id: str | None
    groups: list[str]
    is_active: bool
    has_credentials: bool = Field(description="All five secrets are stored for it")
    created_at: InstantOut
    updated_at: InstantOut


class ClientList(ReadModel):
    items: list[ClientRead]
    total: int


class SessionStateRead(ReadModel):
    state: SessionState
    reason: str | None = None


class ClientRowRead(ClientBase):
    """A line of the dashboard. Rupees; null where not known. `as_of` is when the broker was last read.

    `stale` speaks of that reading, `pl_stale` of the profit, which follows prices and fills; each with a sentence.
    """

    id: str
    is_active: bool
    groups: list[str]
    available_funds: MoneyOut | None
    pl: MoneyOut | None
    session: SessionStateRead
    as_of: InstantOut | None
    stale: bool
    stale_reason: str | None
    pl_stale: bool
    pl_reason: str | None


class ClientRowList(ReadModel):
    items: list[ClientRowRead]
    total: int


class DealerCreate(RequestModel):
    name: NameIn
    dealer_code: CodeIn
    api_key: SecretIn
    api_secret: SecretIn
    password: SecretIn
    two_fa: SecretIn
    totp_secret: SecretIn
    egress_id: IdIn | None = None

    def secrets(self) -> dict[str, str | None]:
        """Return the plaintext, on its way to be sealed."""
        return {name: getattr(self, name).get_secret_value() for name in SECRETS}


class DealerPatch(_SecretChanges):
    name: NameIn = Field(default_factory=str)
    dealer_code: CodeIn = Field(default_factory=str)
    egress_id: IdIn | None = None
    is_active: bool = True


class DealerRead(ReadModel):
    id: str
    name: str
    dealer_code: str
    egress_id: str | None
    is_active: bool
    created_at: InstantOut
    updated_at: InstantOut


class DealerList(ReadModel):
    items: list[DealerRead]
    total: int


class EgressCreate(RequestModel):
    """`value`: nothing for direct, an IP address for local_address, http(s)://host:port for proxy."""

    name: NameIn
    kind: EgressKindIn
    value: ValueIn | None = None
    registered_address: AddressIn | None = None


class EgressPatch(RequestModel):
    name: NameIn = Field(default_factory=str)
    kind: EgressKindIn = EgressKind.DIRECT
    value: ValueIn | None = None
    registered_address: AddressIn | None = None


class EgressRead(ReadModel):
    id: str
    name: str
    kind: EgressKind
    value: str | None
    registered_address: str | None
    verified_at: InstantOut | None
    verified_address: str | None
    created_at: InstantOut
    updated_at: InstantOut


class EgressList(ReadModel):
    items: list[EgressRead]
    total: int


class EgressVerdictRead(ReadModel):
    """`matches_registered` is null where this machine cannot know which address the broker sees."""

    egress: EgressRead
    broker_host: str
    connected: bool
    local_address: str | None
    matches_registered: bool | None
    message: str


class ImportProblem(ReadModel):
    field: str
    message: str


class ImportRowRead(ReadModel):
    row: int = Field(description="As a spreadsheet numbers its lines")
    mofsl_client_code: str | None
    ok: bool
    errors: list[ImportProblem]


class ImportRead(ReadModel):
    """`imported` is the number of rows added: all of them or 0."""

    ok: bool
    dry_run: bool
    imported: int
    total: int
    rows: list[ImportRowRead]


class LoginRead(ReadModel):
    """One login at the broker and the session that it has today."""

    login_id: str
    kind: LoginKind
    user_id: str
    name: str
    clients: int = Field(description="Active clients that it serves")
    state: SessionState
    reason: str | None
    opened_at: InstantOut | None
    expires_at: InstantOut | None
    attempted_at: InstantOut | None


class LoginList(ReadModel):
    """`logins` and `clients` count all, whatever the page or filter; the `_ready` ones can trade now."""

    items: list[LoginRead]
    total: int
    logins: int
    logins_ready: int
    clients: int
    clients_ready: int


class LoginAllRead(ReadModel):
    """`held_back`: refused twice within the last 15 minutes; another try could lock the account."""

    requested: int
    held_back: int
