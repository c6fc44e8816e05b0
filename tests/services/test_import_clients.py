from __future__ import annotations

import io
import zipfile
from datetime import date

import pytest
from openpyxl import Workbook

from app.db.session import Database
from app.domain.errors import InvalidInput
from app.services.import_clients import ImportResult
from app.services.read_client_file import COLUMNS, MOST_BYTES
from tests.support.accounts import ADMIN, CANARIES, Accounts, make_accounts

HEADER = "name,mofsl_client_code,api_key,api_secret,password,two_fa,totp_secret"
SECRETS = ",".join(CANARIES.values())


@pytest.fixture
def accounts(database: Database) -> Accounts:
    return make_accounts(database)


def csv_of(*lines: str, header: str = HEADER) -> bytes:
    return "\r\n".join([header, *lines]).encode()


def xlsx_of(*lines: list[object]) -> bytes:
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    for line in lines:
        sheet.append(line)
    held = io.BytesIO()
    workbook.save(held)
    return held.getvalue()


async def imported(accounts: Accounts, content: bytes, *, dry_run: bool = False) -> ImportResult:
    return await accounts.services.imports.from_file(ADMIN, content, dry_run=dry_run)


async def count(accounts: Accounts) -> int:
    return (await accounts.services.clients.page(limit=1))[1]


async def test_all_rows_are_added_and_sealed(accounts: Accounts) -> None:
    result = await imported(accounts, csv_of(f"Asha,AA1,{SECRETS}", "", f"Ravi,aa2,{SECRETS}"))
    assert (result.ok, result.imported) == (True, 2)
    assert [(row.row, row.mofsl_client_code) for row in result.rows] == [(2, "AA1"), (4, "AA2")]
    await_login = await accounts.session_store.logins()
    sealed = await accounts.session_store.sealed_login(await_login[0].login_id)
    assert sealed is not None
    column = "encrypted_mofsl_totp_secret"
    assert (
        accounts.sealer.open(sealed.encrypted_mofsl_totp_secret, owner_id=sealed.owner_id, field=column)
        == (CANARIES["totp_secret"])
    )


async def test_a_dry_run_adds_nothing(accounts: Accounts) -> None:
    result = await imported(accounts, csv_of(f"Asha,AA1,{SECRETS}"), dry_run=True)
    assert (result.ok, result.imported, await count(accounts)) == (True, 0, 0)


async def test_one_wrong_row_keeps_all_out_and_says_why(accounts: Accounts) -> None:
    await accounts.add_client("OLD1")
    lines = [
        f"Asha,AA1,{SECRETS}",
        f"Twice,AA1,{SECRETS}",
        f"There,old1,{SECRETS}",
        "Bare,AA4,,,,,",
        f"=HYPERLINK(1),AA5,{SECRETS}",
        f",AA6,{SECRETS}",
        f"Long code,{'A' * 16},{SECRETS}",
        f"More cells,AA8,{SECRETS},extra",
    ]
    result = await imported(accounts, csv_of(*lines))
    found = {row.row: [name for name, _ in row.errors] for row in result.rows}
    assert found == {
        2: ["mofsl_client_code"],
        3: ["mofsl_client_code"],
        4: ["mofsl_client_code"],
        5: ["api_key", "api_secret", "password", "two_fa", "totp_secret"],
        6: ["name"],
        7: ["name"],
        8: ["mofsl_client_code"],
        9: ["row"],
    }
    assert (result.imported, await count(accounts)) == (0, 1)
    assert not any(value in repr(result) for value in CANARIES.values())


async def test_bom_semicolons_and_dealers_are_understood(accounts: Accounts) -> None:
    await accounts.add_dealer("DLR1")
    content = "\ufeffName;MOFSL client code;dealer_code;groups;is_active\nÉmile;AA1;dlr1;;no\n".encode()
    result = await imported(accounts, content)
    assert result.ok, result.rows
    client = (await accounts.services.clients.page())[0][0]
    assert (client.name, client.is_active, client.dealer_id is not None) == ("Émile", False, True)
    unknown = await imported(
        accounts, csv_of("Asha,AA2,NOPE,NOWHERE", header="name,mofsl_client_code,dealer_code,egress")
    )
    assert [name for name, _ in unknown.rows[0].errors] == ["dealer_code", "egress"]


async def test_a_spreadsheet_is_read_with_its_dates_and_without_its_formulas(accounts: Accounts) -> None:
    secrets = list(CANARIES.values())
    good = [*secrets]
    good[3] = date(1990, 2, 1)  # type: ignore[call-overload]
    names: list[object] = list(COLUMNS[:7])
    result = await imported(
        accounts, xlsx_of(names, ["Asha", "AA1", *good], ["=1+1", "AA2", *secrets], [12, "AA3", *secrets]), dry_run=True
    )
    assert [[name for name, _ in row.errors] for row in result.rows] == [[], ["name"], ["name"]]
    login = await imported(accounts, xlsx_of(names, ["Asha", "AA1", *good]))
    assert login.imported == 1


def _bomb() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/workbook.xml", b" " * (70 * 1024 * 1024))
    return held.getvalue()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (HEADER.encode(), "no clients"),
        (b"PK\x03\x04 not a zip", "XLSX"),
        (xlsx_of(["name", "mofsl_client_code"], ["A", "AA1"])[:-40], "XLSX"),
        (_bomb(), "unpacks"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b"name,mofsl_client_code\nA\x00,B", "UTF-8"),
        (b"Canary-pass-0003,AA1", "column 1"),
        (b"name\nA", "lacks the column"),
        (b"name,name,mofsl_client_code\nA,A,A", "twice"),
        (b'name,mofsl_client_code\n"unclosed', "CSV"),
        (b"x" * (MOST_BYTES + 1), "MiB"),
        (csv_of(*("A,B" for _ in range(5001)), header="name,mofsl_client_code"), "5000"),
        (b"name,mofsl_client_code\n" + b"\n" * 25_000 + b"A,B", "lines"),
    ],
    ids=[
        "nothing", "blank", "header", "no-zip", "cut-zip", "bomb", "utf-16", "nul", "no-header", "lacks", "twice",
        "unclosed", "large", "5001", "blank-lines",
    ],
)  # fmt: skip
async def test_a_file_that_cannot_be_trusted_is_refused_without_being_quoted(
    sqlite_url: str, content: bytes, says: str
) -> None:
    database = Database(sqlite_url)
    accounts = make_accounts(database)
    with pytest.raises(InvalidInput, match=says) as caught:
        await imported(accounts, content)
    assert caught.value.code == "import_file_unreadable"
    assert "Canary" not in caught.value.message
    await database.close()


async def test_five_thousand_clients_are_added_in_one_go(accounts: Accounts) -> None:
    content = csv_of(*(f"Client {number},C{number:05},{SECRETS}" for number in range(5000)))
    result = await imported(accounts, content)
    assert (result.imported, await count(accounts)) == (5000, 5000)
