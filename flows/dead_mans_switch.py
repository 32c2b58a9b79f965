"""The dead man's switch: a service elsewhere that says so when our call does not come (Healthchecks and the like).

Called only when the pipeline was found whole; through the guard of all requests.
"""

from __future__ import annotations

import logging

import httpx

from flows.sentence import sentence
from ingest.allowed_hosts import AllowedHosts, host_entries
from ingest.deadline import Deadline
from ingest.guarded_network import GuardedTransport, NotPublic
from ingest.http_words import user_agent

SECONDS = 10.0
TRIES = 2

log = logging.getLogger("barometer.monitor")


def ping(url: str, *, allowed_hosts: str = "", seconds: float = SECONDS) -> bool:
    """GET `url`, twice at most; whether it was answered with 2xx. Never raises, and never shows the URL: it is a secret."""
    host = httpx.URL(url).host
    fault = ""
    for _ in range(TRIES):
        fault = _fault(url, allowed_hosts, seconds)
        if not fault:
            return True
    log.warning("the dead man's switch at %s was not reached: %s", host, fault)
    return False


def _fault(url: str, allowed_hosts: str, seconds: float) -> str:
    # These log whole addresses.
    for library in ("httpx", "httpcore"):
        logging.getLogger(library).setLevel(logging.WARNING)
    guard = GuardedTransport(allowed=AllowedHosts(host_entries(allowed_hosts)), proxies=True)
    with Deadline(seconds) as deadline:
        try:
            with httpx.Client(timeout=seconds, transport=guard, trust_env=False) as client:
                answer = client.get(
                    url,
                    headers={"User-Agent": user_agent()},
                    extensions={"trace": deadline.trace},
                )
        except NotPublic as error:
            return f"it {sentence(error)}; name it in BAROMETER_ALLOWED_HOSTS if that is meant"
        except (httpx.HTTPError, UnicodeError) as error:
            return f"it cannot be reached ({type(error).__name__})"
    return "" if answer.is_success else f"it answers {answer.status_code}"
