from __future__ import annotations

import pytest

from app.core.mofsl.transport import DIRECT, Egress, EgressKind
from app.db.egress_directory import EgressDirectory
from app.db.session import Database
from app.domain import egresses
from app.services.manage_egresses import NewEgress
from tests.support.accounts import ADMIN, make_accounts


async def test_an_egress_is_found_after_a_refresh_and_an_unknown_one_sends_nothing(database: Database) -> None:
    directory = EgressDirectory(database)
    accounts = make_accounts(database)
    new = NewEgress("Office", egresses.EgressKind.LOCAL_ADDRESS, "10.0.0.5", None)
    egress = await accounts.services.egresses.create(ADMIN, new)
    assert directory(None) is DIRECT
    with pytest.raises(LookupError):
        directory(egress.id)
    await directory.refresh()
    assert directory(egress.id) == Egress(EgressKind.LOCAL_ADDRESS, "10.0.0.5")
