"""Opens one connection to the broker's host the way an egress would, and reports the local address it got."""

from __future__ import annotations

import asyncio
import ssl
from urllib.parse import urlsplit

from app.domain.egresses import Egress, EgressKind, ProbedEgress

_PORTS = {"http": 80, "https": 443}
_LONGEST_ANSWER = 4096


class BrokerEgressProbe:
    """Sends nothing to the broker: the connection alone shows which source address the system chose."""

    def __init__(self, base_url: str, *, timeout_s: float = 10.0) -> None:
        parts = urlsplit(base_url)
        self._host = parts.hostname or ""
        self._port = parts.port or _PORTS[parts.scheme]
        self._timeout_s = timeout_s

    async def probe(self, egress: Egress) -> ProbedEgress:
        try:
            async with asyncio.timeout(self._timeout_s):
                if egress.kind is EgressKind.PROXY:
                    local = await self._through_proxy(egress.value or "")
                else:
                    source = egress.value if egress.kind is EgressKind.LOCAL_ADDRESS else None
                    local = await self._directly(source)
        except TimeoutError:
            return ProbedEgress(self._host, None, f"no answer within {self._timeout_s:g} s")
        except OSError as error:
            return ProbedEgress(self._host, None, (error.strerror or "no connection").lower())
        except _ProxyRefused as error:
            return ProbedEgress(self._host, None, str(error))
        return ProbedEgress(self._host, local, None)

    async def _directly(self, source: str | None) -> str:
        local_addr = (source, 0) if source else None
        _, writer = await asyncio.open_connection(self._host, self._port, local_addr=local_addr)
        return await _close(writer)

    async def _through_proxy(self, url: str) -> str:
        proxy = urlsplit(url)
        tls = ssl.create_default_context() if proxy.scheme == "https" else None
        port = proxy.port or _PORTS[proxy.scheme]
        reader, writer = await asyncio.open_connection(proxy.hostname, port, ssl=tls, limit=_LONGEST_ANSWER)
        try:
            host = f"[{self._host}]" if ":" in self._host else self._host
            target = f"{host}:{self._port}"
            writer.write(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
            await writer.drain()
            try:
                line = await reader.readline()
            except ValueError:
                raise _ProxyRefused("the proxy's answer is not HTTP") from None
            words = line.split()
            if len(words) < 2 or not words[0].startswith(b"HTTP/") or not words[1].isdigit():
                raise _ProxyRefused("the proxy's answer is not HTTP")
            if words[1] != b"200":
                raise _ProxyRefused(f"the proxy answered {int(words[1][:3])}")
        except BaseException:
            writer.close()
            raise
        return await _close(writer)


class _ProxyRefused(Exception):
    pass


async def _close(writer: asyncio.StreamWriter) -> str:
    local = str(writer.get_extra_info("sockname")[0])
    writer.close()
    return local
