"""Which of the 64 shards an account belongs to: for ever the same, on every machine (DESIGN.md section 2)."""

from __future__ import annotations

import hashlib

SHARD_COUNT = 64


def shard_of(owner_id: str) -> int:
    """Return 0 to 63, from a hash of the client's or dealer's id that does not vary between processes."""
    return hashlib.blake2s(owner_id.encode(), digest_size=1).digest()[0] % SHARD_COUNT
