"""What a deliverer has in hand: deliveries that are being sent or are next, by listener."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from tmf.store.dispatch import Parcel

AHEAD = 19
"""How many times as many as may be in flight are fetched ahead, for a listener that is fast."""

AHEAD_SIZE = 8_000_000
"""Characters of events beyond which none are fetched ahead for a listener."""

Line = tuple[str, str, str]


@dataclass(slots=True)
class _Hand:
    ready: deque[Parcel] = field(default_factory=deque)
    sending: int = 0
    quick: int = 0
    largest: int = 1


@dataclass(frozen=True, slots=True)
class Room:
    """How much more may be taken in hand, as it was when asked: of all, and of each listener."""

    total: int
    in_flight: int
    held: tuple[int, ...]
    lines: frozenset[Line]
    taken: dict[str, int]
    ahead: dict[str, int]
    kept: int
    """How much of `total` is for listeners of whom nothing is in hand: others may all be slow."""

    @property
    def full(self) -> list[str]:
        """Listeners of which no more may be taken in hand."""
        return [hub for hub in self.taken if self.of(hub, failing=False) <= 0]

    def of(self, hub: str, *, failing: bool) -> int:
        """How many more of one listener's. One that fails is tried with one at a time."""
        most = 1 if failing or self.total <= self.kept else self.in_flight + self.ahead.get(hub, 0)
        return most - self.taken.get(hub, 0)


class Hands:
    """At most `in_flight` of one listener's are being sent at once; `start` begins with one.

    A delivery is held until what came of it is noted.
    """

    def __init__(self, in_flight: int, total: int, start: Callable[[Parcel], None]) -> None:
        self._in_flight = in_flight
        self._total = total
        self._start = start
        self._hands: dict[str, _Hand] = {}
        self._held: dict[int, Line] = {}

    @property
    def hubs(self) -> set[str]:
        """Listeners of whom something is held."""
        return {line[0] for line in self._held.values()}

    @property
    def sending(self) -> int:
        """How many are being sent."""
        return sum(hand.sending for hand in self._hands.values())

    def room(self) -> Room:
        """How much more may be taken; asks anew how fast each listener is."""
        taken = Counter(line[0] for line in self._held.values())
        ahead = {
            hub: min(2 * hand.quick, AHEAD * self._in_flight, AHEAD_SIZE // hand.largest)
            for hub, hand in self._hands.items()
        }
        for hub, hand in list(self._hands.items()):
            hand.quick = 0
            if not hand.sending and not hand.ready:
                del self._hands[hub]
        lines = frozenset(self._held.values())
        total = self._total - len(self._held)
        kept = self._total // 2
        return Room(total, self._in_flight, tuple(self._held), lines, dict(taken), ahead, kept)

    def take(self, parcel: Parcel) -> None:
        """Send it as soon as its listener's turn allows."""
        self._held[parcel.id] = parcel.line
        hand = self._hands.setdefault(parcel.hub, _Hand())
        hand.ready.append(parcel)
        hand.largest = max(hand.largest, len(parcel.body))
        self._go_on(hand)

    def sent(self, parcel: Parcel, *, succeeded: bool) -> bool:
        """It was sent. If that failed, what was fetched ahead for the listener is put back.

        Whether it is time to note what was sent, and to fetch more: not while plenty is at hand.
        """
        hand = self._hands[parcel.hub]
        hand.sending -= 1
        if succeeded:
            hand.quick += 1
        else:
            hand.quick = 0
            self._put_back(hand)
        self._go_on(hand)
        return len(hand.ready) <= AHEAD * self._in_flight // 2

    def unsent(self, parcel: Parcel) -> None:
        """It was not sent after all, and what was fetched ahead is not either."""
        self._hands[parcel.hub].sending -= 1
        del self._held[parcel.id]
        self.put_back()

    def noted(self, parcel: Parcel) -> None:
        """What came of it is in the database: it is held no more."""
        del self._held[parcel.id]

    def put_back(self) -> None:
        """Send nothing that is not being sent already."""
        for hand in self._hands.values():
            self._put_back(hand)

    def _put_back(self, hand: _Hand) -> None:
        for parcel in hand.ready:
            del self._held[parcel.id]
        hand.ready.clear()

    def _go_on(self, hand: _Hand) -> None:
        while hand.ready and hand.sending < self._in_flight:
            hand.sending += 1
            self._start(hand.ready.popleft())
