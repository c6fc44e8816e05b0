from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.mofsl.answers import decode_json
from app.core.mofsl.endpoints import PATHS, WRITES, Endpoint, Generation
from app.core.mofsl.errors import InvalidRequest, NotSent, UnreadableAnswer
from app.core.mofsl.headers import HeaderCache, session_headers
from app.core.mofsl.order_payload import price_text
from app.core.mofsl.settings import HeaderIdentity, MofslEndpointSettings
from app.core.mofsl.transport import Egress, EgressKind, Pool
from app.core.mofsl_api_wrapper import ConvertDetails, MOFSLApiWrapper
from app.domain.broker import Product, Side, WireOrderType
from app.domain.instruments import Exchange
from tests.core.mofsl.scripted import (
    ACCESS_TOKEN,
    API_KEY,
    SECRETS,
    TOKEN_VALUE,
    HandClock,
    ScriptedTransport,
    auth_token,
    instruction,
    modification,
    open_sealed,
    settings,
    success,
    wrapper_on,
)

PLACED = success(uniqueorderid="1400031TC0042")


async def test_a_limit_order_goes_out_as_documented() -> None:
    transport = ScriptedTransport([PLACED])
    assert await wrapper_on(transport).place_order(auth_token(), instruction()) == "1400031TC0042"
    request = transport.requests[0]
    assert transport.path() == "/rest/trans/v2/placeorder"
    assert (request.method, request.pool) == ("POST", Pool.WRITES)
    assert b'"price":3120.50,' in (request.body or b"")
    assert transport.body() == {
        "clientcode": "",
        "exchange": "NSE",
        "symboltoken": 11536,
        "buyorsell": "BUY",
        "ordertype": "LIMIT",
        "producttype": "DELIVERY",
        "orderduration": "DAY",
        "price": Decimal("3120.50"),
        "triggerprice": 0,
        "quantityinlot": 5,
        "disclosedquantity": 0,
        "amoorder": "N",
        "goodtilldate": "",
        "algoid": "",
        "tag": "S7A0001",
        "participantcode": "",
    }


async def test_the_older_generation_has_its_own_path_and_no_participant() -> None:
    transport = ScriptedTransport([PLACED])
    token = auth_token(access_token=None)
    await wrapper_on(transport, Generation.OLDER).place_order(token, instruction())
    assert transport.path() == "/rest/trans/v1/placeorder"
    assert "participantcode" not in transport.body()


async def test_derivatives_travel_in_lots() -> None:
    transport = ScriptedTransport([PLACED])
    order = instruction(
        exchange=Exchange.NSEFO,
        symbol_token=54321,
        product=Product.NORMAL,
        quantity=130,
        lots=2,
        price=Decimal("112.4"),
    )
    await wrapper_on(transport).place_order(auth_token(), order)
    body = transport.body()
    assert (body["quantityinlot"], body["exchange"], body["producttype"]) == (2, "NSEFO", "NORMAL")


async def test_a_stop_loss_carries_its_trigger_and_an_after_market_order_its_flag() -> None:
    transport = ScriptedTransport([PLACED])
    order = instruction(
        side=Side.SELL,
        order_type=WireOrderType.STOPLOSS,
        price=Decimal("3080.00"),
        trigger_price=Decimal("3085.00"),
        is_after_market=True,
    )
    await wrapper_on(transport).place_order(auth_token(), order)
    body = transport.body()
    assert (body["ordertype"], body["triggerprice"], body["amoorder"]) == ("STOPLOSS", Decimal("3085.00"), "Y")


async def test_a_dealer_names_the_client_and_an_investor_does_not() -> None:
    transport = ScriptedTransport([PLACED, success(), success(data=[])])
    wrapper, token = wrapper_on(transport), auth_token(is_dealer=True)
    await wrapper.place_order(token, instruction())
    await wrapper.cancel_order(token, "1400031TC0042", "TC0042")
    await wrapper.get_positions(token, "TC0042")
    assert [transport.body(n)["clientcode"] for n in range(3)] == ["TC0042"] * 3


async def test_an_investors_session_never_carries_another_clients_order() -> None:
    transport = ScriptedTransport()
    with pytest.raises(InvalidRequest) as caught:
        await wrapper_on(transport).place_order(auth_token(), instruction(client_code="TC0043"))
    assert caught.value.reason == "other_client"
    assert transport.requests == []


async def test_a_modify_is_a_full_replacement_with_the_books_stamp() -> None:
    transport = ScriptedTransport([success(), success()])
    await wrapper_on(transport).modify_order(auth_token(), modification())
    assert transport.path() == "/rest/trans/v5/modifyorder"
    assert transport.body() == {
        "clientcode": "",
        "uniqueorderid": "1400031TC0042",
        "newordertype": "LIMIT",
        "neworderduration": "DAY",
        "newprice": Decimal("3125.0"),
        "newtriggerprice": 0,
        "newquantityinlot": 5,
        "newdisclosedquantity": 0,
        "newgoodtilldate": "",
        "lastmodifiedtime": "14-Sep-2026 10:21:07",
        "qtytradedtoday": 0,
    }
    await wrapper_on(transport, Generation.OLDER).modify_order(auth_token(), modification())
    assert transport.path() == "/rest/trans/v2/modifyorder"


async def test_a_cancel_and_a_conversion_go_out_as_documented() -> None:
    transport = ScriptedTransport([success(), success()])
    wrapper = wrapper_on(transport)
    await wrapper.cancel_order(auth_token(), "1400031TC0042")
    assert (transport.path(), transport.body()) == (
        "/rest/trans/v2/cancelorder",
        {"clientcode": "", "uniqueorderid": "1400031TC0042"},
    )
    details = ConvertDetails("TC0042", "NSE", 11536, 5, Product.VALUEPLUS, Product.DELIVERY)
    await wrapper.convert_position(auth_token(), details)
    assert transport.path() == "/rest/trans/v2/positionconversion"
    assert transport.requests[-1].pool is Pool.WRITES
    assert transport.body() == {
        "clientcode": "",
        "exchange": "NSE",
        "scripcode": 11536,
        "quantity": 5,
        "oldproduct": "VALUEPLUS",
        "newproduct": "DELIVERY",
    }
    with pytest.raises(InvalidRequest):
        await wrapper.convert_position(auth_token(), replace(details, quantity=0))


@pytest.mark.parametrize(
    "changes",
    [
        {"price": Decimal("NaN")},
        {"price": Decimal("Infinity")},
        {"price": Decimal("-1")},
        {"price": Decimal(0)},
        {"price": Decimal("10.00001")},
        {"price": Decimal("1e12")},
        {"price": 10.5},
        {"order_type": WireOrderType.MARKET},
        {"order_type": WireOrderType.STOPLOSS},
        {"trigger_price": Decimal(10)},
        {"lots": 0},
        {"lots": -1},
        {"lots": True},
        {"lots": 2},
        {"lots": 5.0},
        {"quantity": 0},
        {"symbol_token": 0},
        {"symbol_token": "11536"},
        {"tag": "ELEVENCHARS"},
        {"tag": 'A","x":"'},
        {"tag": "É"},
    ],
)
async def test_what_cannot_be_expressed_exactly_is_never_sent(changes: dict[str, object]) -> None:
    transport = ScriptedTransport()
    with pytest.raises(InvalidRequest):
        await wrapper_on(transport).place_order(auth_token(), instruction(**changes))
    assert transport.requests == []


@pytest.mark.parametrize("changes", [{"last_modified_text": "0"}, {"last_modified_text": ""}, {"filled_today": -1}])
async def test_a_modify_without_the_books_facts_is_never_sent(changes: dict[str, object]) -> None:
    with pytest.raises(InvalidRequest):
        await wrapper_on(ScriptedTransport()).modify_order(auth_token(), modification(**changes))


async def test_odd_characters_in_a_books_texts_stay_inside_their_json_strings() -> None:
    transport = ScriptedTransport([success()])
    change = modification(broker_order_id='14"}', last_modified_text='14-Sep","x":"')
    await wrapper_on(transport).modify_order(auth_token(), change)
    body = transport.body()
    assert (body["uniqueorderid"], body["lastmodifiedtime"]) == ('14"}', '14-Sep","x":"')
    with pytest.raises(InvalidRequest):
        await wrapper_on(transport).cancel_order(auth_token(), "9" * 51)


@given(st.decimals(min_value=0, max_value=10**10, places=4))
def test_every_price_goes_out_exactly(price: Decimal) -> None:
    text = price_text(price)
    assert Decimal(text) == price
    assert decode_json(text.encode()) == price
    assert len(text.partition(".")[2]) <= 4


def test_a_price_with_idle_zeros_is_the_same_price() -> None:
    assert price_text(Decimal("412.350000")) == "412.35"
    assert price_text(Decimal("412.000000")) == "412"
    assert price_text(Decimal("4.1E+2")) == "410"


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"uniqueorderid": ""},
        {"uniqueorderid": "  "},
        {"uniqueorderid": None},
        {"uniqueorderid": 1400031},
        {"uniqueorderid": "9" * 51},
        {"uniqueorderid": ["1400031TC0042"]},
        {"uniqueorderid": "1400031TC0042", "clientcode": "TC0043"},
    ],
)
async def test_a_success_without_a_usable_id_is_no_answer(fields: dict[str, object]) -> None:
    with pytest.raises(UnreadableAnswer):
        await wrapper_on(ScriptedTransport([success(**fields)])).place_order(auth_token(), instruction())


async def test_an_id_inside_data_counts() -> None:
    transport = ScriptedTransport([success(data={"uniqueorderid": " 1400031TC0042 "})])
    assert await wrapper_on(transport).place_order(auth_token(), instruction()) == "1400031TC0042"


def test_the_header_sets_are_the_documented_ones() -> None:
    common = {
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "Content-Type": "application/json",
        "User-Agent": "MOSL/V.1.1.0",
        "Authorization": TOKEN_VALUE,
        "ApiKey": API_KEY,
        "ClientLocalIp": "127.0.0.1",
        "ClientPublicIp": "203.0.113.10",
        "MacAddress": "00:00:00:00:00:00",
        "SourceId": "WEB",
        "vendorinfo": "TC0042",
        "osname": "Linux",
        "osversion": "6.8",
        "devicemodel": "Server",
        "manufacturer": "Generic",
        "productname": "TradingPlatform",
        "productversion": "1.0",
        "browsername": "Chrome",
        "browserversion": "120.0",
    }
    current = common | {"apisecretkey": SECRETS["api_secret"], "accesstoken": ACCESS_TOKEN}
    assert dict(session_headers(settings(), auth_token())) == current
    assert dict(session_headers(settings(Generation.OLDER), auth_token())) == common


@pytest.mark.parametrize(
    ("source_id", "present", "absent"),
    [
        ("DESKTOP", {"installedappid"}, {"browsername", "imeino"}),
        ("MOBILE", {"installedappid", "imeino"}, {"browsername"}),
    ],
)
def test_headers_follow_the_source(source_id: str, present: set[str], absent: set[str]) -> None:
    headers = set(session_headers(settings(source_id=source_id, vendor_info="VENDOR"), auth_token()))
    assert present <= headers
    assert not absent & headers


def test_a_value_that_would_break_a_header_is_not_sent() -> None:
    with pytest.raises(InvalidRequest) as caught:
        session_headers(settings(), replace(auth_token(), api_secret="a\r\nX-Evil: 1"))
    assert "Evil" not in str(caught.value)


def test_headers_are_built_once_per_session_and_anew_for_a_new_one() -> None:
    cache = HeaderCache(settings())
    token = auth_token()
    assert cache.for_session(token) is cache.for_session(replace(token))
    renewed = replace(token, access_token="another")
    assert cache.for_session(renewed)["accesstoken"] == "another"
    cache.forget(renewed)
    assert cache.for_session(token)["accesstoken"] == ACCESS_TOKEN


def test_both_generations_have_the_documented_paths() -> None:
    current, older = PATHS[Generation.CURRENT], PATHS[Generation.OLDER]
    assert set(current) == set(Endpoint)
    assert set(Endpoint) - set(older) == {Endpoint.GETACCESSTOKEN, Endpoint.GETPOSITIONDETAIL}
    samples = {
        Endpoint.MODIFYORDER: ("/rest/trans/v5/modifyorder", "/rest/trans/v2/modifyorder"),
        Endpoint.GETORDERBOOK: ("/rest/book/v5/getorderbook", "/rest/book/v2/getorderbook"),
        Endpoint.GETTRADEBOOK: ("/rest/book/v4/gettradebook", "/rest/book/v1/gettradebook"),
        Endpoint.GETPOSITION: ("/rest/book/v4/getposition", "/rest/book/v1/getposition"),
        Endpoint.GETDPHOLDING: ("/rest/report/v3/getdpholding", "/rest/report/v1/getdpholding"),
        Endpoint.GETLTPDATA: ("/rest/report/v3/getltpdata", "/rest/report/v1/getltpdata"),
        Endpoint.GETPROFILE: ("/rest/login/v5/getprofile", "/rest/login/v1/getprofile"),
        Endpoint.LOGOUT: ("/rest/login/v5/logout", "/rest/login/v1/logout"),
        Endpoint.GETSCRIPMASTERCSV: ("/getscripmastercsv", "/getscripmastercsv"),
    }
    assert {name: (current[name], older[name]) for name in samples} == samples
    assert {Endpoint.PLACEORDER, Endpoint.MODIFYORDER, Endpoint.CANCELORDER} < WRITES


async def test_an_endpoint_that_a_generation_lacks_is_not_sent() -> None:
    transport = ScriptedTransport()
    with pytest.raises(InvalidRequest) as caught:
        await wrapper_on(transport, Generation.OLDER).get_position_detail(auth_token(), "TC0042")
    assert caught.value.reason == "not_offered"


@pytest.mark.parametrize(
    "base_url", ["http://broker.example", "ftp://127.0.0.1", "https://", "https://user:pw@broker.example", "broker"]
)
def test_an_unsafe_broker_address_is_refused(base_url: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        MofslEndpointSettings.for_generation(base_url, Generation.CURRENT, HeaderIdentity("203.0.113.10"))


@pytest.mark.parametrize("base_url", ["http://127.0.0.1:9000/", "http://localhost:9000", "http://[::1]:9"])
def test_loopback_may_be_plain_http(base_url: str) -> None:
    made = MofslEndpointSettings.for_generation(base_url, Generation.CURRENT, HeaderIdentity("203.0.113.10"))
    assert made.urls[Endpoint.LOGOUT] == base_url.rstrip("/") + "/rest/login/v5/logout"


async def test_each_call_leaves_by_the_way_out_of_its_login() -> None:
    way = Egress(EgressKind.LOCAL_ADDRESS, "127.0.0.9")
    transport = ScriptedTransport([PLACED, success(data=[])])
    ways = {"E1": way}
    wrapper = MOFSLApiWrapper(
        settings(), transport, open_sealed=open_sealed, clock=HandClock(), egress_of=lambda name: ways[name or ""]
    )
    token = replace(auth_token(), egress_id="E1")
    await wrapper.place_order(token, instruction())
    await wrapper.get_order_book(token, "TC0042")
    assert [request.egress for request in transport.requests] == [way, way]
    with pytest.raises(NotSent):
        await wrapper.place_order(replace(token, egress_id="E2"), instruction())
