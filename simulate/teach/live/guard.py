"""Who may talk to the page, and what it may load: nothing from elsewhere, no other site through the browser."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

#: Names under which this machine calls itself.
LOOPBACK = ("127.0.0.1", "localhost", "::1")

#: What a browser may load and run here: our own files only. The page library builds its components from text in the
#: page, so inline and evaluated scripts have to be allowed; scripts, styles, pictures and sockets of other hosts not.
POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-src 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def host_name(host: str) -> str:
    """The name in a ``Host`` header or an origin: without scheme, port and brackets.

    >>> host_name("http://localhost:8123"), host_name("[::1]:8123"), host_name("127.0.0.1")
    ('localhost', '::1', '127.0.0.1')
    """
    place = host.rpartition("://")[2]
    if place.startswith("["):
        return place[1:].partition("]")[0]
    return place.partition(":")[0]


class Guard:
    """Turns away what another site asks for through the browser of this machine, and sets the page's policy.

    A site that is open in another tab can send requests to 127.0.0.1, or have its own name point there. It gives itself
    away by its ``Origin`` or ``Host``.

    Parameters
    ----------
    app : ASGI application
    loopback : bool
        Whether only this machine is served, so that only its own names are right.
    """

    def __init__(self, app: ASGIApp, *, loopback: bool) -> None:
        self.app, self.loopback = app, loopback

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve what is asked for, or refuse."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        if not self._welcome(Headers(scope=scope)):
            refusal = PlainTextResponse("hipspine teach: this page is served to itself only", status_code=403)
            await (refusal if scope["type"] == "http" else WebSocketClose(code=1008))(scope, receive, send)
            return

        async def with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        await self.app(scope, receive, with_policy)

    def _welcome(self, headers: Headers) -> bool:
        host, origin = headers.get("host", ""), headers.get("origin")
        if self.loopback and host_name(host) not in LOOPBACK:
            return False
        return origin is None or origin.partition("://")[2] == host


__all__ = ["HEADERS", "LOOPBACK", "POLICY", "Guard", "host_name"]
