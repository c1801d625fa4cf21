"""A browser's side of Streamlit's websocket, without a browser: thirty of them fit beside a server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

LARGEST = 64 * 2**20  # bytes of a message
PATIENCE = 120.0  # seconds for a run of the page

Set = Callable[[Any], object]  # puts a value into a WidgetState


class Session:
    """One tab of one browser: what it shows, its widgets by key, and its fragments, which tick by themselves.

    `ticks_due` counts the ticks that the page asked for, `ticks` those that the server carried out.
    """

    def __init__(self, address: str, query: str = "", page: str = "", cookies: str = "") -> None:
        self.address, self.query, self.page, self.cookies = address, query, page, cookies
        self.widgets: dict[str, str] = {}  # key -> id
        self.values: dict[str, Any] = {}  # id -> WidgetState
        self.errors: list[str] = []
        self.text = ""  # of the elements of the last whole run
        self.ticks = self.ticks_due = 0
        self.received = 0  # bytes
        self._fragments: dict[str, asyncio.Task[None]] = {}
        self._page_hash = ""
        self._finished = asyncio.Event()
        self._socket: ClientConnection | None = None

    async def open(self) -> None:
        """Connect and wait until the page is drawn."""
        headers = {"Cookie": self.cookies} if self.cookies else {}
        self._socket = await connect(
            f"ws://{self.address}/_stcore/stream",
            subprotocols=["streamlit"],  # type: ignore[list-item]
            additional_headers=headers,
            max_size=LARGEST,
        )
        self._reader = asyncio.create_task(self._read())
        await self.rerun()

    async def close(self) -> None:
        """Leave, as by closing the tab."""
        for task in (*self._fragments.values(), self._reader):
            task.cancel()
        if self._socket is not None:
            await self._socket.close()

    async def click(self, key: str) -> float:
        """Press the button of this key; returns the seconds until the page is drawn."""
        return await self.send(key, lambda state: setattr(state, "trigger_value", True), trigger=True)

    async def send(self, key: str, put: Set, *, trigger: bool = False) -> float:
        """Change the widget of this key; returns the seconds until the page is drawn."""
        number = self.widgets[key]
        message = BackMsg()
        state = message.rerun_script.widget_states.widgets.add(id=number)
        put(state)
        if not trigger:
            self.values[number] = state
        return await self.rerun(message, except_for=number)

    async def rerun(self, message: BackMsg | None = None, except_for: str = "") -> float:
        """Have the page drawn; returns the seconds it took."""
        message = message or BackMsg()
        client = message.rerun_script
        client.query_string, client.page_script_hash = self.query, self._page_hash
        if not self._page_hash:
            client.page_name = self.page
        client.widget_states.widgets.extend(v for k, v in self.values.items() if k != except_for)
        self._finished.clear()
        began = time.perf_counter()
        await self._send(message)
        await asyncio.wait_for(self._finished.wait(), PATIENCE)
        return time.perf_counter() - began

    async def _send(self, message: BackMsg) -> None:
        assert self._socket is not None
        await self._socket.send(message.SerializeToString())

    async def _read(self) -> None:
        assert self._socket is not None
        async for data in self._socket:
            self.received += len(data)
            message = ForwardMsg()
            message.ParseFromString(data)  # type: ignore[arg-type]
            self._take(message)

    def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "new_session":
            if not message.metadata.run.fragment_ids:
                self._stop_ticking()
                self.text = ""
                self.widgets.clear()
        elif kind == "navigation":
            self._page_hash = message.navigation.page_script_hash
        elif kind == "delta":
            self._draw(message.delta)
        elif kind == "auto_rerun":
            self._start_ticking(message.auto_rerun.fragment_id, message.auto_rerun.interval)
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "script_finished":
            if message.script_finished == ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY:
                self.ticks += 1
            elif message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                self._finished.set()

    def _draw(self, delta: Any) -> None:
        if delta.WhichOneof("type") != "new_element":
            return
        kind = delta.new_element.WhichOneof("type")
        element = getattr(delta.new_element, kind)
        if kind == "exception":
            self.errors.append(f"{element.type}: {element.message}")
        identity = getattr(element, "id", "")
        if identity.startswith("$$ID-"):
            key = identity.split("-", 2)[2]
            if key != "None":
                self.widgets[key] = identity
        for field in ("body", "label"):
            self.text += (
                f"{value}\n" if isinstance(value := getattr(element, field, ""), str) and value else ""
            )

    def _start_ticking(self, fragment: str, seconds: float) -> None:
        if fragment in self._fragments:
            self._fragments[fragment].cancel()
        self._fragments[fragment] = asyncio.create_task(self._tick(fragment, seconds))

    def _stop_ticking(self) -> None:
        for task in self._fragments.values():
            task.cancel()
        self._fragments.clear()

    async def _tick(self, fragment: str, seconds: float) -> None:
        with suppress(asyncio.CancelledError):
            while True:
                await asyncio.sleep(seconds)
                message = BackMsg()
                client = message.rerun_script
                client.query_string, client.page_script_hash = self.query, self._page_hash
                client.fragment_id, client.is_auto_rerun = fragment, True
                client.widget_states.widgets.extend(self.values.values())
                self.ticks_due += 1
                await self._send(message)
