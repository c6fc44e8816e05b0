"""The market-data broadcast: logins, registrations, snapshots, and who is sent what."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import Any

import numpy as np

from mofsl_simulator.broker import Broker
from mofsl_simulator.faults import Fault
from mofsl_simulator.instruments import Instrument
from mofsl_simulator.streams import packets
from mofsl_simulator.streams.board import EXCHANGE_OF, Board
from mofsl_simulator.streams.feed_client import FeedClient, Wire
from mofsl_simulator.streams.news import News, Round
from mofsl_simulator.streams.vocabulary import FEED, PATHS

_ROUND_WITHOUT_CONFLATION_MS, _LONGEST_ROUND_MS = 20.0, 1000.0


class Feed:
    def __init__(self, broker: Broker, *, seed: int, monotonic_s: Callable[[], float]) -> None:
        self._broker = broker
        self._monotonic_s = monotonic_s
        self._numbers = count(1)
        self._clients: dict[FeedClient, None] = {}
        self._board = Board()
        self._news = News(broker, self._board, seed=seed, monotonic_s=monotonic_s)
        self._wake = asyncio.Event()
        self._stepped_s = monotonic_s()
        self._closed_packets_sent = 0
        broker.events.on_price.append(self._price_moved)
        broker.events.on_day.append(self._day_begun)
        broker.faults.on_add.append(self._cut)

    # what clients do

    def connected(self, wire: Wire) -> FeedClient:
        client = FeedClient(next(self._numbers), wire, self._broker.faults)
        self._clients[client] = None
        self._wake.set()
        return client

    def disconnected(self, client: FeedClient) -> None:
        self._clients.pop(client)
        self._closed_packets_sent += client.packets_sent
        for slot in list(client.registered):
            self._remove(client, slot)

    async def received(self, client: FeedClient, message: bytes) -> None:
        """Carry out the packets of one message; the snapshots it asks for go out together."""
        wanted: dict[int, None] = {}
        for packet in packets.client_packets(message):
            match packet:
                case packets.SignIn(code) if self._broker.sessions.login_of(code) is not None:
                    await self._signed_in(client, code)
                case packets.HeartbeatAnswer():
                    client.unanswered = 0
                case packets.Registration() if client.is_signed_in:
                    slot = self._registered(client, packet)
                    if slot is not None:
                        wanted[slot] = None
                case _:
                    client.ignored += 1
        if wanted:
            await self._send_snapshots(client, [slot for slot in wanted if slot in client.registered])

    async def _signed_in(self, client: FeedClient, code: str) -> None:
        if not client.is_signed_in:
            client.last_heartbeat_s = self._monotonic_s()
        client.code = code
        await self._send(client, self._news.indices())

    def _registered(self, client: FeedClient, wanted: packets.Registration) -> int | None:
        """The slot that needs a snapshot, if any. What is not known is passed over in silence."""
        instrument = self._instrument(wanted)
        if instrument is None:
            client.ignored += 1
            return None
        slot = self._board.slot_of(instrument)
        is_known = slot is not None and slot in client.registered
        if not wanted.adds:
            if slot is not None and is_known:
                self._remove(client, slot)
            return None
        if is_known:
            return slot
        if self._broker.settings.feed_enforces_limit and self._used(client.code) >= self._limit:
            client.ignored += 1
            return None
        self._broker.prices.ltp(instrument)
        slot, is_new = self._board.take(instrument)
        if is_new:
            self._broker.prices.watch(instrument)
        client.add(slot, self._board.capacity)
        return slot

    def _instrument(self, wanted: packets.Registration) -> Instrument | None:
        exchange = EXCHANGE_OF.get((wanted.exchange, wanted.segment))
        found = self._broker.instruments.get(exchange, wanted.code) if exchange is not None else None
        if found is None or (found.expiry is not None and found.expiry < self._broker.clock.trading_day()):
            return None
        return found

    @property
    def _limit(self) -> int:
        return self._broker.settings.max_broadcast_limit

    def _used(self, code: str) -> int:
        return sum(len(client.registered) for client in self._clients if client.code == code)

    def _remove(self, client: FeedClient, slot: int) -> None:
        client.drop(slot)
        instrument = self._board.at(slot)
        if self._board.give_back(slot):
            self._broker.prices.unwatch(instrument)
            self._news.forget(slot)

    # what the market does

    def _price_moved(self, instrument: Instrument) -> None:
        if self._news.price_moved(instrument) and not self._broker.settings.feed_conflate_ms:
            self._wake.set()

    def _day_begun(self) -> None:
        """New closes and bands: everybody needs everything again."""
        self._news.day_begun()
        for client in self._clients:
            client.backlog |= client.mask

    # what goes out

    async def run(self) -> None:
        """Send frames for as long as somebody is connected; wait otherwise."""
        while True:
            if not self._clients:
                self._wake.clear()
                await self._wake.wait()
            round_ms = self._broker.settings.feed_conflate_ms or _ROUND_WITHOUT_CONFLATION_MS
            wait_s = self._stepped_s + min(round_ms, _LONGEST_ROUND_MS) / 1000 - self._monotonic_s()
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.001, wait_s)):
                    await self._wake.wait()
            self._wake.clear()
            await self.step()

    async def step(self) -> None:
        """One round of frames to everybody."""
        now_s = self._stepped_s = self._monotonic_s()
        news = self._news.next(now_s)
        for client in list(self._clients):
            if client.is_signed_in:
                await self._send_news(client, news)
                await self._send_heartbeat(client, now_s)

    async def _send_news(self, client: FeedClient, news: Round) -> None:
        client.fit(self._board.capacity)
        if client.backlog.any():
            await self._send_snapshots(client, np.flatnonzero(client.backlog).tolist())
        about, said = news.slots, news.packets
        if len(client.registered) != len(self._board):
            is_seen = client.mask[about]
            about, said = about[is_seen], said[is_seen]
        if not await self._send(client, said.tobytes() + news.indices):
            client.backlog[about] = True

    async def _send_snapshots(self, client: FeedClient, slots: list[int]) -> None:
        wanted = np.array(slots, dtype=np.intp)
        is_sent = await self._send(client, self._board.snapshot(wanted, self._news.time_s()).tobytes())
        client.backlog[wanted] = not is_sent

    async def _send_heartbeat(self, client: FeedClient, now_s: float) -> None:
        """Send one when due; end the connection when too many went unanswered."""
        settings = self._broker.settings
        if not settings.feed_heartbeat_s or now_s < client.last_heartbeat_s + settings.feed_heartbeat_s:
            return
        client.last_heartbeat_s = now_s
        if settings.feed_missed_heartbeats and client.unanswered >= settings.feed_missed_heartbeats:
            client.wire.close()
        elif await self._send(client, packets.heartbeat(self._news.time_s())) or client.is_stalled:
            client.unanswered += 1

    async def _send(self, client: FeedClient, data: bytes) -> bool:
        return await client.send(data, self._broker.settings.feed_packets_per_frame)

    # control

    def _cut(self, fault: Fault) -> None:
        """Carry out a `cut` on what is open now."""
        if fault.action != "cut":
            return
        for client in list(self._clients):
            if fault.fits(FEED, PATHS[FEED], client.code):
                client.wire.close() if fault.value == "clean" else client.wire.reset()

    def describe(self) -> dict[str, Any]:
        """For control: connections with their registrations, and what was sent in all."""
        open_now = [client.describe(self._board) for client in self._clients]
        return {
            "connections": open_now,
            "instruments": len(self._board),
            "packets_sent": self._closed_packets_sent + sum(entry["packets_sent"] for entry in open_now),
        }
