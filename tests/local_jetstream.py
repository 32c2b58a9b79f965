"""A Jetstream instance on this machine: keeps events, replays them from a cursor, and does what real ones do wrong."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from http import HTTPStatus
from ssl import SSLContext
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from ingest.jetstream import POSTS, TIME_CURSORS_FROM, microseconds

PATH = "/xrpc/network.bsky.jetstream.subscribeEvents"
NSID = "network.bsky.jetstream.subscribeEvents"


class LocalJetstream:
    """Speaks v1 at /subscribe and v2 at the name of its method, of the same events."""

    def __init__(self) -> None:
        self.port = 0
        self.secure = False
        self.events: list[dict[str, Any]] = []
        self.asked: list[dict[str, list[str]]] = []
        self.paths: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.kept_since_us = 0
        """Older events are no longer replayed."""
        self.stays_open = True
        """After the replay, as a real one does."""
        self.after: Callable[[ServerConnection], None] = lambda connection: None
        """What it does once all is replayed."""
        self.refuses: tuple[int, str, dict[str, str]] | None = None

    @property
    def v1(self) -> str:
        return f"{'wss' if self.secure else 'ws'}://127.0.0.1:{self.port}/subscribe"

    @property
    def v2(self) -> str:
        return f"{'wss' if self.secure else 'ws'}://127.0.0.1:{self.port}{PATH}"

    def commit(
        self,
        at: datetime,
        did: str,
        rkey: str,
        record: dict[str, Any] | None,
        operation: str = "create",
        collection: str = POSTS,
    ) -> None:
        """One event more, seen at `at`."""
        self._add(
            at,
            did,
            "commit",
            operation=operation,
            collection=collection,
            rkey=rkey,
            record=record,
        )

    def account(self, at: datetime, did: str, *, active: bool, status: str | None = None) -> None:
        self._add(at, did, "account", account={"active": active, "did": did, "status": status})

    def other(self, at: datetime, did: str, kind: str) -> None:
        self._add(at, did, kind, **{kind: {"did": did}})

    def _add(self, at: datetime, did: str, kind: str, **own: Any) -> None:
        self.events.append(
            {"seq": len(self.events) + 1, "us": microseconds(at), "did": did, "kind": kind} | own
        )

    def answer(self, connection: ServerConnection, request: Request) -> Response | None:
        """What real ones say before they open a stream."""
        asked = parse_qs(urlsplit(request.path).query)
        self.asked.append(asked)
        self.paths.append(urlsplit(request.path).path)
        self.headers.append({name.lower(): value for name, value in request.headers.raw_items()})
        if self.refuses:
            status, body, headers = self.refuses
            response = connection.respond(HTTPStatus(status), body)
            for name, value in headers.items():
                response.headers[name] = value
            return response
        if self.paths[-1] != PATH:
            return None
        if legacy := {"wantedCollections", "wantedDids"} & asked.keys():
            return self._xrpc(connection, "InvalidRequest", f"{legacy.pop()} is of /subscribe")
        cursor = int(asked.get("cursor", ["0"])[0])
        floor = next((e["seq"] for e in self.events if e["us"] >= self.kept_since_us), 1)
        if 0 < cursor < min(floor, TIME_CURSORS_FROM):
            return self._xrpc(connection, "CursorTooOld", f"the floor is {floor}")
        return None

    def _xrpc(self, connection: ServerConnection, error: str, message: str) -> Response:
        response = connection.respond(HTTPStatus.BAD_REQUEST, "")
        body = json.dumps({"error": error, "message": message}).encode()
        del response.headers["Content-Length"], response.headers["Content-Type"]
        response.headers["Content-Type"] = "application/json"
        response.headers["Content-Length"] = str(len(body))
        return Response(response.status_code, response.reason_phrase, response.headers, body)

    def serve(self, connection: ServerConnection) -> None:
        assert connection.request
        asked = parse_qs(urlsplit(connection.request.path).query)
        v2 = urlsplit(connection.request.path).path == PATH
        cursor = int(asked["cursor"][0]) if "cursor" in asked else None
        try:
            for event in self._replay(connection, cursor, v2=v2):
                kinds = asked.get("kinds") if v2 else None
                if kinds and event["kind"] not in kinds:
                    continue
                if (
                    event["kind"] == "commit"
                    and event["collection"]
                    not in (asked["collections" if v2 else "wantedCollections"])
                ):
                    continue
                if not v2 and event["kind"] == "sync":
                    continue
                connection.send(json.dumps(as_v2(event) if v2 else as_v1(event)))
            self.after(connection)
            while self.stays_open:
                connection.recv(timeout=30)
        except (ConnectionClosed, TimeoutError, OSError):
            return

    def _replay(
        self, connection: ServerConnection, cursor: int | None, *, v2: bool
    ) -> list[dict[str, Any]]:
        if cursor is None:
            return [event for event in self.events if event.get("live")]
        if v2 and cursor < TIME_CURSORS_FROM:
            if self.events and cursor > self.events[-1]["seq"]:
                info(connection, "FutureCursor", "starting at the live tip")
                return []
            return [event for event in self.events if event["seq"] >= cursor]
        if v2 and cursor < self.kept_since_us:
            info(connection, "OutdatedCursor", "starting at the oldest")
        begins = max(cursor, self.kept_since_us)
        return [event for event in self.events if event["us"] >= begins]


def as_v1(event: dict[str, Any]) -> dict[str, Any]:
    """The event as v1 sends it."""
    kind = event["kind"]
    own = {
        name: event[name] for name in ("operation", "collection", "rkey", "record") if name in event
    }
    body = {"rev": "3rev"} | own if kind == "commit" else event[kind]
    if body.get("record", 0) is None:
        del body["record"]
    return {"did": event["did"], "time_us": event["us"], "kind": kind, kind: body}


def as_v2(event: dict[str, Any]) -> dict[str, Any]:
    """The event as v2 sends it."""
    seconds, micros = divmod(event["us"], 1_000_000)
    written = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{micros:06d}Z"
    own = {
        name: value
        for name, value in event.items()
        if name not in ("us", "kind", "live") and value is not None
    }
    payload = {"$type": f"{NSID}#{event['kind']}", "time": written, "rev": "3rev"} | own
    return {"$type": "message", "payload": payload}


def info(connection: ServerConnection, name: str, message: str) -> None:
    payload = {"$type": f"{NSID}#info", "name": name, "message": message}
    connection.send(json.dumps({"$type": "message", "payload": payload}))


def error_frame(name: str, message: str) -> Callable[[ServerConnection], None]:
    """Sends an error, and closes."""

    def send(connection: ServerConnection) -> None:
        connection.send(json.dumps({"$type": "error", "error": name, "message": message}))
        connection.close()

    return send


@contextmanager
def local_jetstream(context: SSLContext | None = None) -> Iterator[LocalJetstream]:
    """An instance on a free port, until the end of the block."""
    instance = LocalJetstream()
    with serve(
        instance.serve,
        "127.0.0.1",
        0,
        process_request=instance.answer,
        subprotocols=["xrpc.v1.json"],  # type: ignore[list-item]
        ssl=context,
        close_timeout=1,
        max_size=None,
    ) as server:
        instance.port = server.socket.getsockname()[1]
        instance.secure = context is not None
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield instance
        finally:
            server.shutdown()
            thread.join(5)
