"""Which flow runs may overlap: no two of one deployment, and no two of those that go through all that is stored.

Prefect keeps both limits and gives a slot back when the process that held it is gone: a slot is a lease that the run
renews.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

WAITS = frozenset({"watch"})
"""Steps of which a second run waits for the first: it is asked for by a batch that the first may not have seen.

A second run of any other step is cancelled, because the first does its work: it reads what is due, what is on the bus,
and all that has expired.
"""

NEVER_TOGETHER = frozenset({"watch", "weekly", "retain"})
"""Steps that go through all that is stored, and tell people of it or erase it."""

LIMIT = "barometer-whole-database"
"""The global concurrency limit that those hold."""

PATIENCE_SECONDS = 3600.0
"""How long a run waits for the others; then it fails, and operators hear of it."""


def limit_of(step: str) -> Any:
    """The concurrency limit of the step's deployment, as Prefect takes it: one run at a time."""
    from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy

    strategy = ConcurrencyLimitStrategy
    return ConcurrencyLimitConfig(
        limit=1,
        collision_strategy=strategy.ENQUEUE if step in WAITS else strategy.CANCEL_NEW,
    )


def keep_limit(client: SyncPrefectClient) -> None:
    """Make the global limit on the server, or leave it as it is there."""
    client.upsert_global_concurrency_limit_by_name(LIMIT, 1)


@contextmanager
def alone(step: str) -> Iterator[None]:
    """Hold the global limit where the step needs it. Raises TimeoutError after PATIENCE_SECONDS.

    Where nobody made the limit (a run without `serve` or `deploy`), it stops nobody.
    """
    if step not in NEVER_TOGETHER:
        yield
        return
    from prefect.concurrency.sync import concurrency

    with concurrency(LIMIT, timeout_seconds=PATIENCE_SECONDS):
        yield
