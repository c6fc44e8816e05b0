"""A numbered database of a real Redis for each test worker; one that holds a stranger's keys is never touched."""

from __future__ import annotations

import os
from contextlib import suppress

import redis

_OWNER_KEY = "desk-test-owner"


def claim(server_url: str) -> str:
    """Return the address of a database that was empty, or left by a test process that has ended.

    Raises RuntimeError where every database is in use.
    """
    with redis.Redis.from_url(server_url) as server:
        count = int(server.config_get("databases")["databases"])
    for number in reversed(range(count)):
        url = f"{server_url}/{number}"
        with redis.Redis.from_url(url) as database:
            owner = database.get(_OWNER_KEY)
            if owner is not None and not _is_running(int(owner)):
                database.flushdb()
            if database.dbsize() == 0 and database.set(_OWNER_KEY, os.getpid(), nx=True):
                return url
    raise RuntimeError("every database of the local Redis is in use")


def clear(url: str, *, release: bool = False) -> None:
    """Empty a claimed database; it stays ours unless `release` is true."""
    with redis.Redis.from_url(url) as database:
        database.flushdb()
        if not release:
            database.set(_OWNER_KEY, os.getpid())


def _is_running(pid: int) -> bool:
    with suppress(ProcessLookupError):
        with suppress(PermissionError):
            os.kill(pid, 0)
        return True
    return False
