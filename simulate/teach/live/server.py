"""The local server of ``hipspine teach``: where it listens, how it gets ready, and how a tab gets its answers."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from pathlib import Path
from types import FrameType

import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from nicegui import ui
from starlette.staticfiles import StaticFiles

from kinematics.errors import HipspineError
from simulate.teach.asked import Asked
from simulate.teach.lesson import Lesson
from simulate.teach.live.guard import Guard
from simulate.teach.live.page import Tabs, build_page

TITLE = "hipspine teach"
#: The page's own files; beside them nothing on this machine can be read through it.
FILES = {"/teach/stage": Path(__file__).parents[1] / "stage", "/teach/page": Path(__file__).parent / "browser"}
#: How long a tab may be out of reach before its state is forgotten. [s]
FORGET = 60.0


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there; port 0 is any free one.

    Raises
    ------
    HipspineError
        If there is no such host here, or the port is taken or not ours to have.
    """
    if not 0 <= port <= 65535:
        raise HipspineError(f"--port {port}: must be between 1 and 65535, or left out for a free one")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        sock = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError):
        raise HipspineError(f"--host {host}: unknown; an address or name of this machine, as 127.0.0.1") from None
    if os.name == "posix":  # elsewhere this would let two programmes share a port
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind(address)
        sock.listen(128)
    except OSError as error:
        sock.close()
        if port and _is_here(host):
            raise HipspineError(
                f"--port {port}: cannot be had on {host} ({(error.strerror or str(error)).lower()}); "
                "leave --port out for a free one"
            ) from None
        raise HipspineError(f"--host {host}: is no address of this machine ({error.strerror})") from None
    return sock


def _is_here(host: str) -> bool:
    """Whether a host is an address of this machine."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.bind(address)
    except OSError:
        return False
    return True


def address_of(sock: socket.socket) -> str:
    """Where a browser on this machine finds what listens on a socket."""
    host, port = sock.getsockname()[:2]
    if host in ("0.0.0.0", "::"):
        host = "127.0.0.1"
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def only_here(sock: socket.socket) -> bool:
    """Whether what listens on a socket can be reached from this machine alone."""
    return ip_address(sock.getsockname()[0].partition("%")[0]).is_loopback


def serve(
    sock: socket.socket,
    *,
    lessons: Sequence[Lesson],
    opened: str = "",
    listening: Callable[[], None],
    ready: Callable[[BaseException | None], None],
) -> None:
    """Serve the page until it is interrupted.

    Parameters
    ----------
    sock : socket
        From `listen`.
    lessons : sequence of Lesson
        Offered on the page.
    opened : str
        Name of the one that a new tab begins with; empty for none.
    listening : callable
        Called once the page can be opened.
    ready : callable
        Called with None once the solver is compiled and loaded, or with what stood in its way.

    Raises
    ------
    KeyboardInterrupt
        When it is interrupted.
    """
    tabs = Tabs(lessons, opened)
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    for place, folder in FILES.items():
        app.mount(place, StaticFiles(directory=folder))

    @app.websocket("/teach/live/{client}")
    async def live(websocket: WebSocket, client: str) -> None:
        await _live(websocket, tabs, client)

    @ui.page("/", title=TITLE, language="en-GB", reconnect_timeout=FORGET)
    def page(state: str = "") -> None:
        build_page(tabs, state)

    ui.run_with(
        app,
        title=TITLE,
        favicon="🦴",
        tailwind=False,
        gzip_middleware_factory=None,  # to this machine, packing costs more than sending
        binding_refresh_interval=None,
        show_welcome_message=False,
    )
    app.add_middleware(Guard, loopback=only_here(sock))
    server = _Server(
        tabs,
        uvicorn.Config(
            app,
            log_level="error",
            access_log=False,
            ws="wsproto",
            ws_per_message_deflate=False,
            timeout_graceful_shutdown=1,
        ),
    )

    async def run() -> None:
        tabs.ready = asyncio.get_running_loop().create_future()
        tabs.ready.add_done_callback(lambda done: ready(done.exception()))
        threading.Thread(target=_prepare, args=(asyncio.get_running_loop(), tabs.ready), daemon=True).start()
        serving = asyncio.create_task(server.serve(sockets=[sock]))
        while not server.started and not serving.done():
            await asyncio.sleep(0.01)
        if server.started:
            listening()
        await serving

    asyncio.run(run())


class _Server(uvicorn.Server):
    """A server that, when it is interrupted, lets go of the tabs that wait for an answer."""

    def __init__(self, tabs: Tabs, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._tabs = tabs

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Called on Ctrl-C."""
        for session in self._tabs.sessions.values():
            asyncio.get_running_loop().call_soon_threadsafe(session.close)
        super().handle_exit(sig, frame)


def _prepare(loop: asyncio.AbstractEventLoop, ready: asyncio.Future[None]) -> None:
    """Load and, on the first start, compile the solver: first for what the page opens with, then for the rest."""

    def tell(error: BaseException | None) -> None:
        if ready.done():
            return
        if error is None:
            ready.set_result(None)
        else:
            ready.set_exception(error)

    try:
        from simulate.teach.prepared import warm
        from simulate.teach.shown import show

        show(Asked())
        loop.call_soon_threadsafe(tell, None)
        warm()
    except BaseException as error:
        if not loop.is_closed():
            loop.call_soon_threadsafe(tell, error)


async def _live(websocket: WebSocket, tabs: Tabs, client: str) -> None:
    """Answer a tab: whenever it says which version it has drawn, it gets the newest answer after that one."""
    session = tabs.sessions.get(client)
    await websocket.accept()
    if session is None:
        await websocket.close(code=4404)
        return
    try:
        while True:
            drawn = await websocket.receive_json()
            answer = await session.next_after(int(drawn["version"]), drawn["has"])
            if answer is None:
                break
            await websocket.send_text(answer[1])
    except (WebSocketDisconnect, RuntimeError):
        return  # the tab is gone, or comes back with another socket


__all__ = ["FORGET", "TITLE", "address_of", "listen", "only_here", "serve"]
