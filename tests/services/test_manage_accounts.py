from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from sqlalchemy import insert, text

from app.core.ids import new_id
from app.db.session import Database
from app.domain.clients import (
    ClientCodeTaken,
    ClientHasLiveOrders,
    ClientNotFound,
    DealerCodeTaken,
    DealerHasLiveOrders,
)
from app.domain.credentials import CREDENTIAL_COLUMNS, InvalidFields
from app.domain.egresses import EgressKind, EgressNameTaken
from app.domain.errors import DeskError, InvalidInput
from app.domain.orders import FINAL, OrderStatus
from app.models.models import Batch, Order, User
from app.services.manage_clients import ClientChange
from app.services.manage_egresses import NewEgress
from tests.support.accounts import ADMIN, CANARIES, Accounts, make_accounts


@pytest.fixture
def accounts(database: Database) -> Accounts:
    return make_accounts(database)


async def add_order(accounts: Accounts, client_id: str, status: OrderStatus) -> str:
    now, order_id = accounts.clock.now(), new_id()
    user, batch = new_id(), new_id()
    async with accounts.database.write() as connection:
        await connection.execute(
            insert(User).values(
                id=user, email=f"{user}@desk.test", role="trader", password_hash="-", encrypted_totp_secret="-",
                last_totp_step=0, is_active=True, created_at=now, updated_at=now,
            )
        )  # fmt: skip
        await connection.execute(
            insert(Batch).values(
                id=batch, kind="execute", user_id=user, idempotency_key=batch, request_hash="-", request={},
                plan_hash="-", exchange="NSE", symbol_token=1660, order_count=1, created_at=now,
            )
        )  # fmt: skip
        await connection.execute(
            insert(Order).values(
                id=order_id, batch_id=batch, row_number=0, client_id=client_id, requested_client_id=client_id,
                client_name="-", shard=0, lane=1, exchange="NSE", symbol_token=1660, side="BUY", product="DELIVERY",
                order_type="LIMIT", validity="DAY", is_after_market=False, quantity=1, lots=1, tag=None
                if status is not OrderStatus.QUEUED else "1111111111", status=status, attempt=0, deadline_at=now,
                trading_day=now.date(), filled_quantity=0, created_at=now, updated_at=now,
            )
        )  # fmt: skip
    return order_id


async def audit_rows(accounts: Accounts) -> list[tuple[str, str, str]]:
    async with accounts.database.read() as connection:
        rows = await connection.execute(text("SELECT action, actor, detail FROM audit_events ORDER BY sequence"))
        return [(row[0], row[1], str(row[2])) for row in rows]


async def test_secrets_are_sealed_for_their_row_and_column(accounts: Accounts) -> None:
    client = await accounts.add_client("AA1")
    async with accounts.database.read() as connection:
        row = (await connection.execute(text("SELECT * FROM clients"))).one()._mapping
    for name, column in CREDENTIAL_COLUMNS.items():
        assert CANARIES[name] not in row[column]
        assert accounts.sealer.open(row[column], owner_id=client.id, field=column) == CANARIES[name]
        with pytest.raises(DeskError):
            accounts.sealer.open(row[column], owner_id="another", field=column)


async def test_no_plaintext_secret_reaches_the_database_file(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    accounts = make_accounts(database)
    await accounts.add_client("AA1")
    await accounts.add_dealer("DLR1")
    await database.close()
    folder = Path(sqlite_url.removeprefix("sqlite:///")).parent
    stored = b"".join(file.read_bytes() for file in folder.iterdir() if file.is_file())
    assert b"Client AA1" in stored
    assert [name for name, value in CANARIES.items() if value.encode() in stored] == []


async def test_every_missing_secret_is_named(accounts: Accounts) -> None:
    with pytest.raises(InvalidFields) as caught:
        await accounts.add_client("AA1", secrets={"api_key": "only-this-one"})
    assert [name for name, _ in caught.value.fields] == ["api_secret", "password", "two_fa", "totp_secret"]
    assert "only-this-one" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("totp_secret", "not base32 !!"),
        ("totp_secret", "JBSWY3DP"),
        ("two_fa", "31/02/1990"),
        ("two_fa", "1990-02-01"),
        ("password", "   "),
        ("api_key", "two words"),
        ("api_key", "line\nbreak"),
        ("api_secret", "x" * 201),
    ],
)
async def test_a_malformed_secret_is_refused_without_being_quoted(accounts: Accounts, name: str, value: str) -> None:
    with pytest.raises(InvalidFields) as caught:
        await accounts.add_client("AA1", secrets=CANARIES | {name: value})
    assert [field for field, _ in caught.value.fields] == [name]
    assert not value.strip() or value not in str(caught.value)
    assert await audit_rows(accounts) == []


async def test_a_code_is_taken_once_even_when_two_ask_at_once(accounts: Accounts) -> None:
    answers = await asyncio.gather(*(accounts.add_client("aa1") for _ in range(5)), return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == ["Client"] + ["ClientCodeTaken"] * 4
    client = next(answer for answer in answers if not isinstance(answer, BaseException))
    assert client.mofsl_client_code == "AA1"
    other = await accounts.add_client("AA2")
    with pytest.raises(ClientCodeTaken):
        await accounts.services.clients.change(ADMIN, other.id, ClientChange({"mofsl_client_code": "aa1"}))


async def test_unknown_dealer_or_egress_is_refused_by_name(accounts: Accounts) -> None:
    for field in ("dealer_id", "egress_id"):
        with pytest.raises(InvalidInput) as caught:
            await accounts.add_client("AA1", **{field: "nobody"})
        assert caught.value.field == field


async def test_a_client_that_leaves_its_dealer_needs_credentials_of_its_own(accounts: Accounts) -> None:
    dealer = await accounts.add_dealer("DLR1")
    client = await accounts.add_client("AA1", dealer_id=dealer.id, secrets={})
    assert not client.has_credentials
    with pytest.raises(InvalidFields):
        await accounts.services.clients.change(ADMIN, client.id, ClientChange({"dealer_id": None}))
    changed = await accounts.services.clients.change(ADMIN, client.id, ClientChange({"dealer_id": None}, CANARIES))
    assert (changed.dealer_id, changed.has_credentials, changed.login_id) == (None, True, client.id)


async def test_a_search_finds_any_case_and_takes_wildcards_literally(accounts: Accounts) -> None:
    for code, name in (("AA1", "Émile 100%"), ("AB2", "Asha_Rao"), ("XC3", "zoë")):
        await accounts.add_client(code, name=name)
    clients = accounts.services.clients

    async def found(q: str) -> list[str]:
        return [client.mofsl_client_code for client in (await clients.page(q=q))[0]]

    assert await found("éMILE") == ["AA1"]
    assert await found("%") == ["AA1"]
    assert await found("_") == ["AB2"]
    assert await found("xc") == ["XC3"]
    assert await found("ZOË") == ["XC3"]
    assert await found("'; DROP TABLE clients") == []
    _, body = await accounts.services.client_list.page(q="éMILE", offset=0, limit=5)
    dashboard = orjson.loads(body or b"")
    assert ([row["mofsl_client_code"] for row in dashboard["items"]], dashboard["total"]) == (["AA1"], 1)


async def test_pages_are_stable_and_complete(accounts: Accounts) -> None:
    for number in range(7):
        await accounts.add_client(f"AA{number}", name="Same Name")
    seen: list[str] = []
    for offset in (0, 3, 6):
        page, total = await accounts.services.clients.page(offset=offset, limit=3)
        assert total == 7
        seen += [client.id for client in page]
    assert len(set(seen)) == 7


@pytest.mark.parametrize("status", [status for status in OrderStatus if status not in FINAL])
async def test_a_client_with_a_live_order_is_not_deactivated(accounts: Accounts, status: OrderStatus) -> None:
    client = await accounts.add_client("AA1")
    await add_order(accounts, client.id, status)
    with pytest.raises(ClientHasLiveOrders):
        await accounts.services.clients.deactivate(ADMIN, client.id)
    with pytest.raises(ClientHasLiveOrders):
        await accounts.services.clients.change(ADMIN, client.id, ClientChange({"mofsl_client_code": "ZZ9"}))
    assert (await accounts.services.clients.get(client.id)).is_active


async def test_a_client_whose_orders_are_final_is_deactivated_and_kept(accounts: Accounts) -> None:
    client = await accounts.add_client("AA1")
    for status in FINAL:
        await add_order(accounts, client.id, status)
    assert not (await accounts.services.clients.deactivate(ADMIN, client.id)).is_active
    assert not (await accounts.services.clients.get(client.id)).is_active
    with pytest.raises(ClientNotFound):
        await accounts.services.clients.deactivate(ADMIN, "nobody")


async def test_a_dealer_serving_live_orders_is_not_deactivated(accounts: Accounts) -> None:
    dealer = await accounts.add_dealer("DLR1")
    client = await accounts.add_client("AA1", dealer_id=dealer.id, secrets={})
    await add_order(accounts, client.id, OrderStatus.OPEN)
    with pytest.raises(DealerHasLiveOrders):
        await accounts.services.dealers.change(ADMIN, dealer.id, ClientChange({"is_active": False}))
    with pytest.raises(DealerCodeTaken):
        await accounts.add_dealer("dlr1")


async def test_every_change_is_audited_with_names_and_never_values(accounts: Accounts) -> None:
    client = await accounts.add_client("AA1")
    change = ClientChange({"name": "New Name", "groups": ["a"]}, {"password": "next-Canary-77"})
    await accounts.services.clients.change(ADMIN, client.id, change)
    await accounts.services.clients.change(ADMIN, client.id, ClientChange({"name": "New Name"}))  # nothing changed
    await accounts.services.clients.deactivate(ADMIN, client.id)
    rows = await audit_rows(accounts)
    assert [action for action, _, _ in rows] == ["client.created", "client.updated", "client.updated"]
    assert {actor for _, actor, _ in rows} == {"admin@desk.test"}
    assert all(name in rows[1][2] for name in ("name", "groups", "password"))
    everything = str(rows)
    assert not any(value in everything for value in [*CANARIES.values(), "next-Canary-77", "New Name"])


async def test_only_what_is_given_changes(accounts: Accounts) -> None:
    client = await accounts.add_client("AA1", groups=["x"])
    accounts.clock.advance(5)  # type: ignore[attr-defined]
    changed = await accounts.services.clients.change(ADMIN, client.id, ClientChange({"name": "Other"}))
    assert (changed.name, changed.groups, changed.credentials_changed_at) == (
        "Other",
        ("x",),
        client.credentials_changed_at,
    )
    assert changed.updated_at - client.updated_at == timedelta(seconds=5)


async def test_an_egress_is_checked_by_kind_and_loses_its_proof_when_changed(accounts: Accounts) -> None:
    egresses = accounts.services.egresses
    new = NewEgress("Office", EgressKind.LOCAL_ADDRESS, "127.0.0.1", "127.0.0.1")
    egress = await egresses.create(ADMIN, new)
    with pytest.raises(EgressNameTaken):
        await egresses.create(ADMIN, new)
    for kind, value in (
        (EgressKind.LOCAL_ADDRESS, "10.0.0"),
        (EgressKind.DIRECT, "10.0.0.1"),
        (EgressKind.PROXY, "http://user:secret@10.0.0.1:3128"),
        (EgressKind.PROXY, "socks5://10.0.0.1:1080"),
        (EgressKind.PROXY, "http://10.0.0.1:3128/path"),
        (EgressKind.PROXY, "http://10.0.0.1:99999"),
        (EgressKind.PROXY, None),
    ):
        with pytest.raises(InvalidInput) as caught:
            await egresses.create(ADMIN, NewEgress("Bad", kind, value, None))
        assert caught.value.field == "value"
        assert "secret" not in caught.value.message
    verdict = await egresses.verify(ADMIN, egress.id)  # nothing listens on the discard port
    assert (verdict.connected, verdict.matches_registered, verdict.egress.verified_at) == (False, None, None)
    assert "No connection" in verdict.message
