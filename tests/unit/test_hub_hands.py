"""What a deliverer takes in hand: bounded for each listener, and more for those that are fast."""

from __future__ import annotations

from tmf.hub.hands import AHEAD, AHEAD_SIZE, Hands
from tmf.store.dispatch import Parcel

IN_FLIGHT = 2
TOTAL = 50


def parcel(number: int, hub: str = "a", body: str = "{}") -> Parcel:
    return Parcel(
        id=number,
        hub=hub,
        sequence=number,
        event=f"e{number}",
        resource="ticket",
        subject=str(number),
        tries=0,
        attempts=0,
        body=body,
        api="TMF999",
        callback="http://listener.example/",
        query=None,
        secret="",
        previous_secret=None,
        previous_until=None,
    )


def hands() -> tuple[Hands, list[Parcel]]:
    """Empty hands, and what was begun with."""
    begun: list[Parcel] = []
    return Hands(IN_FLIGHT, TOTAL, begun.append), begun


def test_no_more_than_allowed_is_sent_to_a_listener_at_once() -> None:
    holding, begun = hands()
    for number in range(4):
        holding.take(parcel(number))
    holding.take(parcel(4, "b"))
    assert [one.id for one in begun] == [0, 1, 4]

    holding.sent(begun[0], succeeded=True)
    assert [one.id for one in begun] == [0, 1, 4, 2]


def test_what_is_sent_is_held_until_it_is_noted() -> None:
    holding, begun = hands()
    holding.take(parcel(1))
    holding.sent(begun[0], succeeded=True)

    assert holding.room().held == (1,)
    assert ("a", "ticket", "1") in holding.room().lines
    assert holding.hubs == {"a"}
    holding.noted(begun[0])
    assert holding.room().held == ()
    assert holding.hubs == set()


def test_there_is_room_for_as_many_as_may_be_in_flight_and_one_if_it_fails() -> None:
    holding, _ = hands()
    holding.take(parcel(1))

    room = holding.room()

    assert room.total == TOTAL - 1
    assert (room.of("a", failing=False), room.of("a", failing=True)) == (IN_FLIGHT - 1, 0)
    assert (room.of("b", failing=False), room.of("b", failing=True)) == (IN_FLIGHT, 1)
    assert room.full == []
    holding.take(parcel(2))
    assert holding.room().full == ["a"]


def test_more_is_fetched_ahead_for_a_listener_that_is_fast_up_to_a_bound() -> None:
    holding, begun = hands()
    for number in range(AHEAD * IN_FLIGHT):
        holding.take(parcel(number))
        holding.sent(begun[-1], succeeded=True)
        holding.noted(begun[-1])

    assert holding.room().of("a", failing=False) == IN_FLIGHT * (1 + AHEAD)
    assert holding.room().of("a", failing=False) == IN_FLIGHT  # it has sent nothing since


def test_less_is_fetched_ahead_of_events_that_are_large() -> None:
    holding, begun = hands()
    for number in range(AHEAD):
        holding.take(parcel(number, body="x" * (AHEAD_SIZE // 4)))
        holding.sent(begun[-1], succeeded=True)
        holding.noted(begun[-1])

    assert holding.room().of("a", failing=False) == IN_FLIGHT + 4


def test_more_is_not_asked_for_while_plenty_is_at_hand() -> None:
    holding, begun = hands()
    for number in range(AHEAD * IN_FLIGHT):
        holding.take(parcel(number))
    asked = [holding.sent(begun[number], succeeded=True) for number in range(AHEAD * IN_FLIGHT)]

    assert asked[0] is False
    assert asked == sorted(asked)
    assert asked.count(True) == AHEAD * IN_FLIGHT // 2 + 1 + IN_FLIGHT


def test_what_was_fetched_ahead_is_put_back_when_the_listener_fails() -> None:
    holding, begun = hands()
    for number in range(4):
        holding.take(parcel(number))
    holding.sent(begun[0], succeeded=False)

    assert [one.id for one in begun] == [0, 1]
    assert holding.room().held == (0, 1)
    assert holding.sending == 1


def test_when_much_is_in_hand_the_rest_is_for_listeners_of_whom_nothing_is() -> None:
    holding, _ = hands()
    for number in range(TOTAL // 2):
        holding.take(parcel(number, f"slow {number}"))
    room = holding.room()

    assert room.total == room.kept
    assert room.of("slow 0", failing=False) == 0
    assert room.of("another", failing=False) == 1
