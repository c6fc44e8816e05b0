"""The use cases around accounts, as the API finds them at `desk.accounts`."""

from __future__ import annotations

from dataclasses import dataclass

from app.services.client_list import ClientList
from app.services.control_sessions import ControlSessions
from app.services.import_clients import ImportClients
from app.services.live_figures import LiveFigures
from app.services.manage_clients import ManageClients
from app.services.manage_dealers import ManageDealers
from app.services.manage_egresses import ManageEgresses
from app.services.view_portfolio import ViewPortfolio


@dataclass(frozen=True, slots=True)
class AccountServices:
    clients: ManageClients
    dealers: ManageDealers
    egresses: ManageEgresses
    imports: ImportClients
    sessions: ControlSessions
    portfolio: ViewPortfolio
    client_list: ClientList
    live: LiveFigures
