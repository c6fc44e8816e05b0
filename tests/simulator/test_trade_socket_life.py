"""The trade socket without sockets, on a clock that stands still: the death of tokens, and readers that lag."""

from __future__ import annotations

import orjson

from mofsl_simulator.streams.trade_client import TradeClient
from tests.simulator.in_process import MONDAY, InProcess


class TextRecorder:
    """A trade connection without a socket."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.waiting_bytes = 0
        self.ended = ""

    async def send_text(self, data: bytes) -> None:
        self.frames.append(data)

    def close(self) -> None:
        self.ended = "clean"

    def reset(self) -> None:
        self.ended = "reset"


def authorised(sim: InProcess, recorder: TextRecorder) -> TradeClient:
    """A client that signed in over REST, authorised and subscribed to orders."""
    sim.sign_in(sim.account())
    headers = sim.headers(sim.account())
    socket = sim.streams.trade_socket
    client = socket.connected(recorder)
    message = {"clientid": "TC0001", "authtoken": headers["Authorization"], "apikey": headers["ApiKey"]}
    socket.received(client, orjson.dumps(message))
    socket.received(client, b'{"clientid": "TC0001", "action": "OrderSubscribe"}')
    return client


async def test_the_stamp_of_a_frame_is_that_of_the_latest_change(sim: InProcess) -> None:
    recorder = TextRecorder()
    client = authorised(sim, recorder)
    unique_id = sim.placed(price=260.0, settle_s=5)
    stamp = sim.row(unique_id)["lastmodifiedtime"]
    sim.post("cancelorder", {"uniqueorderid": unique_id})
    sim.elapse(5)
    client.close()
    await client.run()
    _acknowledged, sent, confirmed, cancelled = (orjson.loads(frame) for frame in recorder.frames)

    assert sent["lastmodifiedtime"] == confirmed["lastmodifiedtime"] == stamp
    assert cancelled["lastmodifiedtime"] == sim.row(unique_id)["lastmodifiedtime"] != stamp
    assert {frame["entrydatetime"] for frame in (sent, confirmed, cancelled)} == {stamp}


async def test_at_six_in_the_morning_the_token_dies_and_the_stream_closes(sim: InProcess) -> None:
    socket, recorder = sim.streams.trade_socket, TextRecorder()
    client = authorised(sim, recorder)
    sim.broker.set_clock(MONDAY.replace(day=24, hour=5, minute=59))
    socket.check()
    alive = client.session is not None
    sim.broker.set_clock(MONDAY.replace(day=24, hour=6, minute=0))
    socket.check()
    await client.run()

    assert alive
    assert [orjson.loads(frame)["errorcode"] for frame in recorder.frames] == ["", "MO1001"]
    assert recorder.ended == "clean"


async def test_a_reader_that_is_far_behind_is_cut_off_rather_than_left_without_a_frame(sim: InProcess) -> None:
    socket, recorder = sim.streams.trade_socket, TextRecorder()
    client = socket.connected(recorder)
    recorder.waiting_bytes = 1 << 30
    socket.received(client, b"nonsense")
    await client.run()

    assert (recorder.frames, recorder.ended) == ([], "reset")
