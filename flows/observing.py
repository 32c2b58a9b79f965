"""Which process shows which metrics: with its edges open, or for the flow runs that it serves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from flows.metrics_server import metrics_server
from flows.settings import Settings
from flows.tally_spool import spool, take_over
from flows.wiring import Edges, load_rules, load_sources


@contextmanager
def observed(opened: Edges, process: str) -> Iterator[None]:
    """A process that does the work itself."""
    with metrics_server(
        opened.settings,
        process,
        model=opened.classifier.model,
        sources=opened.sources,
        channels=[channel.name for channel in opened.channels],
        database=opened.database,
    ):
        yield


@contextmanager
def observed_serving(settings: Settings, process: str = "serve") -> Iterator[None]:
    """A process that has neither bus nor database open for itself; `serve` shows what its flow runs counted, too."""
    if not settings.metrics_port:
        yield
        return
    model, sources = settings.model, load_sources(settings)
    channels = [rule.name for rule in load_rules(settings)]
    with ExitStack() as stack:
        each_time: Callable[[], object] = lambda: None  # noqa: E731 - the default of metrics_server
        if process == "serve":
            each_time = partial(take_over, stack.enter_context(spool(settings)))
        stack.enter_context(
            metrics_server(
                settings,
                process,
                model=model,
                sources=sources,
                channels=channels,
                each_time=each_time,
            )
        )
        yield
