"""`python -m bench.events`: the bus and the hub, each beside the least that could do it."""

from __future__ import annotations

from bench import report
from bench.events import burdens, delivery, latency, relay
from bench.events.burdens import Burden
from bench.events.stage import Stage
from bench.figures import Spread
from bench.load import generator
from bench.progress import say
from bench.running import to_the_end
from bench.staging import Command, staged

SMALL = (10_000, 100_000)
FULL = (50_000, 1_000_000)

COMMAND = Command("events", __doc__, f"{FULL[1]:,} events waiting")


def _measure(stage: Stage) -> str:
    rows = [["what", "figure", "goal"]]
    if stage.broker is None:
        say("no RabbitMQ here: its parts are left out")
    else:
        ours, bare, ratio = relay.measure(stage)
        rows.append(_ratio("relay to RabbitMQ", "a bare pika loop", ours, bare, ratio, "0.5"))
    ours, bare, ratio = delivery.measure(stage)
    rows.append(_ratio("deliveries to a listener", "a bare aiohttp loop", ours, bare, ratio, "0.3"))
    rows += _burden(f"{burdens.LISTENERS} matching listeners and none", burdens.listeners(stage))
    rows += _burden(f"{stage.waiting:,} events waiting and none", burdens.backlog(stage))
    rows.append(_latency("one process", latency.embedded(stage)))
    if stage.broker is not None:
        rows.append(_latency("RabbitMQ, `tmf serve` and `tmf work`", latency.brokered(stage)))
    return report.table(rows[0], rows[1:])


def _ratio(
    what: str, other: str, ours: Spread, bare: Spread, ratio: Spread, goal: str
) -> list[str]:
    figure = f"{report.shown(ratio, 2)}: {ours.middle:,.0f} and {bare.middle:,.0f} a second"
    return [f"{what}, times the speed of {other}", figure, f"at least {goal}"]


def _burden(what: str, burden: Burden) -> list[list[str]]:
    return [
        [f"POST, {what}: times as long, one at a time", report.shown(burden.alone, 2), "1.2"],
        [f"POST, {what}: times as long, 64 at once", report.shown(burden.at_once, 2), "1.2"],
    ]


def _latency(what: str, found: tuple[float, float]) -> list[str]:
    return [
        f"from the 201 to an idle listener, {what}",
        f"p50 {found[0]:.1f} ms, p99 {found[1]:.1f} ms",
        "",
    ]


def _main() -> None:
    parser = COMMAND.options()
    parser.add_argument("--rounds", type=int, default=5, help="rounds (default 5)")
    given = parser.parse_args()
    events, waiting = FULL if given.full else SMALL
    spread = "the least and the most in brackets"
    how = f"medians of {given.rounds} rounds, {spread}; POSTs by {generator()}."
    with staged(given, rounds=given.rounds, events=events, waiting=waiting) as here:
        COMMAND.tell(given, here, how, _measure(here))


def main() -> None:
    """The command."""
    to_the_end(_main)


if __name__ == "__main__":
    main()
