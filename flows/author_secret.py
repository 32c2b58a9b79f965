"""The secret that author keys are made with: of the settings, or made once and kept beside the embedded database.

Two processes must use the same one, or an author counts as two. Beside an embedded database there is one process, so
a file of its own does; with a server, where collectors may stand on several machines, people must set it, and until
they do no author has a key (authors that are not told apart are counted as unknown, never as many).
"""

from __future__ import annotations

import logging
import os
import secrets
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from flows.settings import Settings, SettingsRefused
from ingest.author_key import author_key

log = logging.getLogger("barometer.collect")

FILE = "author-secret"


def author_keys(settings: Settings) -> Callable[[str, datetime], str]:
    """What makes an author's key of a name and a time of publication; empty keys where there is no secret.

    Raises SettingsRefused for a secret that can be neither read nor made.
    """
    secret = author_secret(settings)
    if not secret:
        log.warning(
            "authors get no keys: set BAROMETER_AUTHOR_SECRET (or BAROMETER_AUTHOR_SECRET_FILE) to the same"
            " random text on every machine"
        )
        return lambda name, published_at: ""
    return lambda name, published_at: author_key(secret, name, published_at)


def author_secret(settings: Settings) -> bytes:
    """The secret; empty where a server is used and none is set. Raises SettingsRefused."""
    if settings.author_secret:
        return settings.author_secret.encode()
    url = urlsplit(settings.database_url)
    if url.scheme != "chdb":
        return b""
    folder = Path(unquote(url.path.removeprefix("/"))).absolute()
    path = folder.parent / f"{folder.name}.{FILE}"
    try:
        return _kept(path)
    except OSError as error:
        raise SettingsRefused(
            f"The secret for author keys in {path} can be neither read nor made ({error.strerror});"
            " make it writable or set BAROMETER_AUTHOR_SECRET."
        ) from error


def _kept(path: Path) -> bytes:
    """What is in the file, made at the first call. It appears whole or not at all, readable by its owner alone."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        # mkstemp gives mode 0600; link fails where another process was faster, whose secret then counts.
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{FILE}-")
        try:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(secrets.token_hex(32) + "\n")
                file.flush()
                os.fsync(file.fileno())
            if not path.exists():
                try:
                    os.link(name, path)
                except FileExistsError:
                    pass
                except OSError:  # a file system without hard links
                    Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)
    secret = path.read_bytes().strip()
    if not secret:
        raise OSError(0, "it is empty")
    return secret
