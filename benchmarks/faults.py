"""Faults: documents through real processes that are killed, over servers that go down, a disk that fills and a network that
breaks; afterwards nothing is lost, nothing counted twice, and every figure is that of an undisturbed run.

    python -m benchmarks.faults [--documents 100000] [--kills 100] [--mode server|embedded|both] [--seed 1]
    python -m benchmarks.faults --memory --model bundled --documents 5000     no faults: what the processes need

    feeds -barometer collect-> bus -2 x barometer score --follow-> database -barometer watch-> points
             faults: SIGKILL at random moments · servers killed and started again · workers that join and leave ·
                     a full disk · connections delayed, broken and refused

Server mode is Tansu (its log in an object store of ours, so that it survives the broker's death) and Debian's ClickHouse
on a small disk of their own; embedded mode is SQLite and chdb, one process at a time. Texts are generated, their fate
is known (benchmarks/fault_world.py); a process that ends, however it does, is started again, as a supervisor would.
"""

from __future__ import annotations

import argparse
import random
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread

import msgspec
from rich.console import Console
from rich.table import Table

from benchmarks.fault_audit import Check, Figures, audit, figures
from benchmarks.fault_processes import Ended, Processes, wait_until
from benchmarks.fault_services import ClickHouse, Disk, Servers, Tansu, servers, small_disk
from benchmarks.fault_world import Newsroom, World, newsroom, sources_toml, world
from classify.classifier import Classifier, load_classifier
from flows.collecting import collect
from flows.display import Bar, progress_bar
from flows.scoring import drain
from flows.settings import Settings
from flows.stopping import stoppable
from flows.watching import watch
from flows.wiring import GROUP, Edges, edges
from ingest.bus import DEAD_LETTERS, DOCUMENTS, ORIGIN, BusError, Record
from ingest.bus import connect as connect_bus
from storage.database import connect as connect_database

PER_STAGE = 2_500
"""Documents that feeds show anew at a time."""

ALIENS = 8
"""Broken messages of others for each stage."""

QUICK_KAFKA = (
    "session_timeout_ms=3000&heartbeat_interval_ms=500&reconnect_backoff_max_ms=200"
    "&max_poll_interval_ms=60000"
)
"""A worker that was killed is missed after three seconds, and a group that nobody answers is joined anew after a
minute.
"""

KILLED = {
    "server": {"score-a": 3, "score-b": 3, "collect": 3, "watch": 2},
    "embedded": {"collect": 3, "score": 4, "watch": 2},
}
"""Weights of who is killed next."""

PATIENCE = 120.0
"""Seconds until a process is at work, on a busy machine."""

OTHERS = (
    "database killed and started",
    "broker killed and started",
    "all connections broken",
    "connections slow",
    "connections refused",
    "a worker joins and leaves",
    "disk full",
)
"""Faults beside kills, each once for every fifteen of them."""

LAST_SECONDS = 900.0
"""How long what is left may take once the faults are over."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of one run."""

    mode: str
    documents: int
    kills: int
    seed: int
    model: str
    others: tuple[str, ...] = OTHERS
    """Faults of servers, disk and network."""
    watch_seconds: float = 4.0
    """Between two watches of the server mode."""
    pause: float = 2.0
    """Seconds between two faults, at most, beside the time until somebody is at work."""
    stages: int = 0

    def number_of_stages(self) -> int:
        """How often there is something new."""
        return self.stages or max(2, self.documents // PER_STAGE)


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it."""

    plan: Plan
    checks: tuple[Check, ...]
    done: dict[str, int]
    """Faults by what they were."""
    started: dict[str, int]
    said: dict[tuple[str, int, str], int]
    memory: dict[str, int]
    tracebacks: tuple[str, ...]
    balance: Ended
    seconds: float

    def broken(self) -> list[str]:
        """What does not hold, a sentence each."""
        found = [
            f"{one.what}: {one.found}, not {one.expected}" for one in self.checks if not one.holds
        ]
        if self.balance.status:
            found.append(
                f"barometer health --ledger exits with {self.balance.status}:\n{self.balance.out}{self.balance.err}"
            )
        return found + [f"a traceback:\n{text}" for text in self.tracebacks]


class Run:
    """One run: its processes, its faults, and where it is."""

    def __init__(
        self,
        plan: Plan,
        truth: World,
        room: Newsroom,
        folder: Path,
        bus_url: str,
        database_url: str,
    ) -> None:
        self.plan = plan
        self.truth = truth
        self.room = room
        self.folder = folder
        self.bus_url = bus_url
        (folder / "sources.toml").write_text(sources_toml(truth), "utf-8")
        self.processes = Processes(
            {
                "BAROMETER_BUS_URL": bus_url,
                "BAROMETER_DATABASE_URL": database_url,
                "BAROMETER_SOURCES": str(folder / "sources.toml"),
                "BAROMETER_MODEL": plan.model,
                "BAROMETER_ALLOWED_HOSTS": "127.0.0.1",
                "BAROMETER_HOST_PAUSE": "0",
                "BAROMETER_ALERT_LOG": str(folder / "alerts.log"),
                "OMP_NUM_THREADS": "1",
            },
            folder,
        )
        self.done: Counter[str] = Counter()
        self.faults = 0
        """Done, of `wanted`."""
        self.wanted = plan.kills
        self.stage = 0
        self.aliens = 0
        self.over = Event()
        """No process is started any more."""

    def may_begin(self, stage: int) -> bool:
        """Stages come as faults are done, so that there is work to disturb until the last of them."""
        return stage * self.wanted <= self.faults * self.truth.stages

    @property
    def collected(self) -> bool:
        """Whether all feeds were read at their last stage."""
        return self.stage >= self.truth.stages

    def collect(self) -> None:
        """One reading of all feeds as they are; the next stage where it went well."""
        self.room.stage = self.stage
        self.publish_aliens()
        names = [word for source in self.truth.sources for word in ("--source", source.name)]
        ended = self.processes.run("collect", "collect", *names)
        if ended.status == 0 and " 0 sources failed" in ended.out:
            self.stage += 1

    def publish_aliens(self) -> None:
        """Messages that nobody can decode, as others might publish them."""
        wanted = ALIENS * (self.stage + 1)
        if self.aliens >= wanted:
            return
        records = [
            Record(f"k{n}", f"no document {n}".encode(), {ORIGIN: f"alien/{n}"})
            for n in range(self.aliens, wanted)
        ]
        bus = connect_bus(self.bus_url)
        try:
            bus.publish(DOCUMENTS, records)
        except BusError:
            return  # the broker is down: with the next reading, under the same origins
        finally:
            bus.close()
        self.aliens = wanted

    def backlog(self) -> int:
        """Messages that are not scored; -1 where the broker cannot be asked."""
        bus = connect_bus(self.bus_url)
        try:
            return bus.backlog([DOCUMENTS, DEAD_LETTERS], GROUP)
        except BusError:
            return -1
        finally:
            bus.close()

    def kill(self, rng: random.Random) -> bool:
        """SIGKILL a process that is at work, at a moment that nobody chose."""
        weights = KILLED[self.plan.mode]
        if not set(self.processes.at_work()) & weights.keys():
            return False
        time.sleep(rng.uniform(0.0, self.plan.pause / 2))
        names = [name for name in weights if name in self.processes.at_work()]
        if not names:
            return False
        (name,) = rng.choices(names, [weights[name] for name in names])
        if not self.processes.signal(name, signal.SIGKILL):
            return False
        self.done[f"SIGKILL {name.split('-')[0]}"] += 1
        return True


Fault = Callable[[], bool]


def server_faults(run: Run, held: Servers, rng: random.Random) -> dict[str, Fault]:
    """What may happen to servers, disk and network, by name."""

    def down(server: ClickHouse | Tansu) -> bool:
        server.kill()
        time.sleep(rng.uniform(0.2, 3.0))
        server.start()
        return True

    def broken() -> bool:
        return wait_until(
            lambda: held.clickhouse.proxy.break_all() + held.tansu.proxy.break_all() > 0, PATIENCE
        )

    def slow() -> bool:
        for proxy in (held.clickhouse.proxy, held.tansu.proxy):
            proxy.delay = rng.uniform(0.02, 0.15)
        time.sleep(rng.uniform(2.0, 5.0))
        for proxy in (held.clickhouse.proxy, held.tansu.proxy):
            proxy.delay = 0.0
        return True

    def refusing() -> bool:
        proxy = rng.choice((held.clickhouse.proxy, held.tansu.proxy))
        proxy.refusing = True
        proxy.break_all()
        time.sleep(rng.uniform(0.5, 3.0))
        proxy.refusing = False
        return True

    def rebalance() -> bool:
        """A third worker joins, and leaves."""
        third = Thread(target=run.processes.run, args=("score-c", "score", "--follow"), daemon=True)
        third.start()
        time.sleep(rng.uniform(4.0, 9.0))
        run.processes.signal("score-c", signal.SIGTERM)
        third.join()
        return True

    faults: tuple[Fault, ...] = (
        lambda: down(held.clickhouse),
        lambda: down(held.tansu),
        broken,
        slow,
        refusing,
        rebalance,
        lambda: full(held.disk, rng),
    )
    return dict(zip(OTHERS, faults, strict=True))


def full(disk: Disk, rng: random.Random) -> bool:
    """No room for a while."""
    if not disk.can_be_filled:
        return False
    disk.fill()
    time.sleep(rng.uniform(1.0, 4.0))
    disk.free()
    return True


def disturb(run: Run, others: Mapping[str, Fault], rng: random.Random, bar: Bar) -> None:
    """Kills, and between them the other faults in turn, at random moments."""
    turns = max(1, run.plan.kills // 15) if run.plan.kills else 0
    order = ["kill"] * run.plan.kills
    order += [name for _ in range(turns) for name in run.plan.others if name in others]
    rng.shuffle(order)
    run.wanted = len(order)
    for name in order:
        time.sleep(rng.uniform(0.0, run.plan.pause))
        if name == "kill":
            wait_until(lambda: run.kill(rng), PATIENCE)
        else:
            wait_until(lambda: bool(run.processes.at_work()), PATIENCE)
            if others[name]():
                run.done[name] += 1
        run.faults += 1
        bar.advance()
        bar.say(f"{name}; {run.stage} of {run.truth.stages} stages are read")


def keep_going(run: Run, step: Callable[[], object], pause: float) -> Thread:
    """A supervisor: the step again and again, until the run is over."""

    def loop() -> None:
        while not run.over.wait(pause):
            step()

    thread = Thread(target=loop, daemon=True)
    thread.start()
    return thread


def serve(run: Run) -> list[Thread]:
    """Collector, two workers and watch of the server mode."""

    def collecting() -> None:
        if not run.collected and run.may_begin(run.stage):
            run.collect()

    return [
        keep_going(run, collecting, 0.2),
        *(
            keep_going(run, lambda name=name: run.processes.run(name, "score", "--follow"), 0.2)  # type: ignore[misc]
            for name in ("score-a", "score-b")
        ),
        keep_going(run, lambda: run.processes.run("watch", "watch"), run.plan.watch_seconds),
    ]


def take_turns(run: Run) -> list[Thread]:
    """Collect, score and watch of the embedded mode, one after the other."""

    def turn() -> None:
        if not run.collected and run.may_begin(run.stage):
            run.collect()
        run.processes.run("score", "score")
        run.processes.run("watch", "watch")

    return [keep_going(run, turn, 0.1)]


def finish(run: Run, threads: Sequence[Thread]) -> Ended:
    """Let what is left be done, stop the processes, watch once more, and ask the product for its balance."""
    done = wait_until(lambda: run.collected and run.backlog() == 0, LAST_SECONDS, pause=1.0)
    run.over.set()
    for name in ("score-a", "score-b"):
        run.processes.signal(name, signal.SIGTERM)
    for thread in threads:
        thread.join(60)
    if not done:
        return Ended(1, "", f"after {LAST_SECONDS:.0f} seconds {run.backlog()} messages wait")
    run.processes.run("watch", "watch")
    return run.processes.run("health", "health", "--ledger")


def go(plan: Plan, truth: World, room: Newsroom, calm: Figures, bar: Bar) -> Outcome:
    """One run in one mode."""
    began = time.monotonic()
    rng = random.Random(plan.seed)
    with tempfile.TemporaryDirectory(prefix="faults-") as name, ExitStack() as stack:
        folder = Path(name)
        if plan.mode == "server":
            held = stack.enter_context(servers(folder, disk_size(plan)))
            bus_url = f"kafka://127.0.0.1:{held.tansu.proxy.port}?{QUICK_KAFKA}"
            run = Run(plan, truth, room, folder, bus_url, held.clickhouse.url("faults"))
            others = server_faults(run, held, rng)
            lines = serve

            def audited() -> str:
                return held.clickhouse.url("faults", direct=True)
        else:
            disk = stack.enter_context(small_disk(folder / "data", disk_size(plan)))
            bus_url = f"sqlite:///{disk.folder}/bus.db?session_timeout=2"
            database_url = f"chdb:///{disk.folder}/clickhouse"
            run = Run(plan, truth, room, folder, bus_url, database_url)
            others = {"disk full": lambda: full(disk, rng)}
            lines = take_turns

            def audited() -> str:
                return database_url

        stack.callback(run.processes.close)
        migrated = run.processes.run("migrate", "migrate")
        if migrated.status:
            raise SystemExit(f"barometer migrate: {migrated.err}")
        threads = lines(run)
        disturb(run, others, rng, bar)
        balance = finish(run, threads)
        if plan.mode == "server" and held.tansu.mended:
            run.done["groups taken from a dead leader (Tansu)"] = held.tansu.mended
        database = connect_database(audited())
        try:
            checks = audit(database, truth, run.aliens, calm)
        finally:
            database.close()
        return Outcome(
            plan=plan,
            checks=tuple(checks),
            done=dict(run.done),
            started=dict(run.processes.started),
            said=dict(run.processes.said),
            memory=dict(run.processes.memory),
            tracebacks=tuple(run.processes.faults),
            balance=balance,
            seconds=time.monotonic() - began,
        )


def disk_size(plan: Plan) -> int:
    """Room for the data and for what is being merged."""
    return 400_000_000 + 20_000 * plan.documents


@contextmanager
def calm_run(plan: Plan, truth: World, room: Newsroom) -> Iterator[Edges]:
    """What a run leaves that nobody disturbs: the same feeds, over SQLite and chdb, in this process."""
    with tempfile.TemporaryDirectory(prefix="calm-") as name:
        settings = Settings(
            bus_url=f"sqlite:///{name}/bus.db",
            database_url=f"chdb:///{name}/clickhouse",
            model=plan.model,
            allowed_hosts="127.0.0.1",
            host_pause=0,
            alert_log=Path(name) / "alerts.log",
        )
        with edges(settings, create=True, sources=truth.sources) as opened:
            names = [source.name for source in truth.sources]
            for stage in range(truth.stages):
                room.stage = stage
                report = collect(opened, now=datetime.now(UTC), only=names)
                if report.failed:
                    raise SystemExit(f"the feeds cannot be read: {report.failed[0].error}")
                drain(opened)
            watch(opened, now=datetime.now(UTC))
            yield opened


@contextmanager
def prepared_world(plan: Plan, classifier: Classifier) -> Iterator[tuple[World, Newsroom]]:
    """Feeds, served."""
    with newsroom() as room:
        truth = world(
            plan.documents,
            stages=plan.number_of_stages(),
            seed=plan.seed,
            port=room.port,
            now=datetime.now(UTC),
            classifier=classifier,
        )
        room.bodies = truth.bodies
        yield truth, room


def tables(outcome: Outcome) -> list[Table]:
    """What was done, and what holds."""
    plan = outcome.plan
    checks = Table(
        title=f"{plan.mode}: {plan.documents:,} entries, {plan.kills} kills, seed {plan.seed}, model {plan.model}"
    )
    for name in ("what", "expected", "found", ""):
        checks.add_column(name, justify="left" if name in ("what", "") else "right")
    for one in outcome.checks:
        checks.add_row(
            one.what, _shown(one.expected), _shown(one.found), "" if one.holds else "BROKEN"
        )
    done = Table(title="Faults, and what the processes were", show_header=False)
    for name, count in sorted(outcome.done.items()):
        done.add_row(name, f"{count}")
    for name, count in sorted(outcome.started.items()):
        done.add_row(f"started: {name}", f"{count}")
    for (name, status, reason), count in sorted(outcome.said.items()):
        done.add_row(f"{name} ended with {status}: {reason}", f"{count}")
    for name, size in sorted(outcome.memory.items()):
        done.add_row(f"peak memory: {name}", f"{size / 1e6:,.0f} MB")
    done.add_row("seconds", f"{outcome.seconds:,.0f}")
    return [checks, done]


def _shown(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def main() -> None:
    """Print the tables; exit with 1 when something does not hold."""
    purpose = " ".join((__doc__ or "").partition("\n\n")[0].split())
    parser = argparse.ArgumentParser(description=purpose)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mode", choices=["server", "embedded", "both"], default="both")
    parser.add_argument("--model", default="lexicon", help="as BAROMETER_MODEL (default: lexicon)")
    parser.add_argument("--memory", action="store_true", help="no faults, all entries at once")
    asked = parser.parse_args()
    console = Console(width=120)
    modes = ["server", "embedded"] if asked.mode == "both" else [asked.mode]
    plan = Plan(
        mode=modes[0],
        documents=asked.documents,
        kills=0 if asked.memory else asked.kills,
        seed=asked.seed,
        model=asked.model,
    )
    broken = []
    with stoppable(), prepared_world(plan, load_classifier(asked.model)) as (truth, room):
        console.print(f"An undisturbed run of {len(truth.rows):,} rows in {truth.stages} stages …")
        with calm_run(plan, truth, room) as opened:
            calm = figures(opened.database)
        for mode in modes:
            chosen = msgspec.structs.replace(plan, mode=mode)
            with progress_bar("Faults", None) as bar:
                outcome = go(chosen, truth, room, calm, bar)
            for table in tables(outcome):
                console.print(table)
            console.print(outcome.balance.out)
            broken += outcome.broken()
    if broken:
        raise SystemExit("\n".join(broken))


if __name__ == "__main__":
    main()
