"""Reading an append-only table to its end, again and again, without missing a row that commits late.

Ids are drawn from a sequence before their transaction commits, so a row may appear below others that were read
already. The numbers that were passed over are therefore looked at again for a while; those of a transaction that was
rolled back never come, and are given up.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

GIVE_UP_AFTER_S = 60.0  # longer than any transaction of ours may take
GIVE_UP_AFTER_READS = 30  # and not while nothing could be read
_MOST_GAPS = 64  # as one query can name; the oldest are joined into one range beyond that


@dataclass(slots=True)
class Gap:
    """The ids `first` to `last`, both included, that have not been seen."""

    first: int
    last: int
    since_s: float
    reads: int = 0


@dataclass(slots=True)
class EventTail:
    """`last_id`: the highest id seen. What is below it and not in a gap was seen, or will never come."""

    last_id: int
    gaps: list[Gap] = field(default_factory=list)
    _joined: set[int] = field(default_factory=set)  # seen ids inside a gap that was joined from several

    def take(self, ids: Iterable[int], *, now_s: float) -> list[int]:
        """Return those of `ids` not seen before, in their order; `now_s` is monotonic."""
        new = sorted({id_ for id_ in ids if id_ > self.last_id or self._is_missing(id_)})
        for id_ in new:
            if id_ > self.last_id:
                if id_ > self.last_id + 1:
                    self.gaps.append(Gap(self.last_id + 1, id_ - 1, now_s))
                self.last_id = id_
            else:
                self._fill(id_)
        self._join()
        return new

    def end_read(self, *, now_s: float) -> None:
        """Call once per complete read: what stayed missing for long is given up."""
        for gap in self.gaps:
            gap.reads += 1
        self.gaps = [
            gap for gap in self.gaps if now_s - gap.since_s < GIVE_UP_AFTER_S or gap.reads < GIVE_UP_AFTER_READS
        ]
        self._joined = {id_ for id_ in self._joined if any(gap.first <= id_ <= gap.last for gap in self.gaps)}

    def _is_missing(self, id_: int) -> bool:
        return id_ not in self._joined and any(gap.first <= id_ <= gap.last for gap in self.gaps)

    def _fill(self, id_: int) -> None:
        number, gap = next((n, gap) for n, gap in enumerate(self.gaps) if gap.first <= id_ <= gap.last)
        parts = [Gap(gap.first, id_ - 1, gap.since_s, gap.reads), Gap(id_ + 1, gap.last, gap.since_s, gap.reads)]
        self.gaps[number : number + 1] = [part for part in parts if part.first <= part.last]

    def _join(self) -> None:
        surplus = len(self.gaps) - _MOST_GAPS
        if surplus <= 0:
            return
        joined, kept = self.gaps[: surplus + 1], self.gaps[surplus + 1 :]
        for one, following in pairwise(joined):
            self._joined.update(range(one.last + 1, following.first))
        whole = Gap(joined[0].first, joined[-1].last, max(gap.since_s for gap in joined))
        self.gaps = [whole, *kept]
