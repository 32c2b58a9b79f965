"""Does the Prefect server answer that PREFECT_API_URL names?"""

from __future__ import annotations

import httpx

from flows.sentence import without_passwords
from flows.settings import embedded_prefect_wanted, process_environment

SECONDS = 5.0


def prefect_fault(seconds: float = SECONDS) -> str:
    """Why the named server cannot be used; empty when it answers, and when none is named: an embedded one starts and ends
    with `run` and `serve`.
    """
    if embedded_prefect_wanted():
        return ""
    url = process_environment()["PREFECT_API_URL"]
    shown = without_passwords(url)
    try:
        answer = httpx.get(f"{url.rstrip('/')}/health", timeout=seconds, trust_env=False)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        return f"the Prefect server at {shown} does not answer ({type(error).__name__})"
    if answer.status_code != httpx.codes.OK:
        return f"the Prefect server at {shown} answers {answer.status_code} instead of 200"
    return ""
