"""What one browser tab asks for, and its answers: the newest question wins, and nothing queues up."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from kinematics.errors import HipspineError
from simulate.teach.asked import Asked

log = logging.getLogger(__name__)

#: What is computed at once, over all tabs. The kernels let go of the interpreter, so the page stays alive meanwhile.
SOLVERS = ThreadPoolExecutor(max_workers=2, thread_name_prefix="teach")

#: What a fault of ours is called on the page; where it was stands in the terminal.
FAULT = "A fault of ours, please report it"


class Session:
    """One tab: what it asks for, and the newest answer to it.

    The page calls `ask` as often as a slider moves. The tab, when it has drawn, waits in `next_after`, where the newest
    question is answered and those before it are forgotten: a slow browser gets fewer answers, not later ones.

    Parameters
    ----------
    asked : Asked
        What is shown at first.
    ready : asyncio.Future
        Done once the solver is compiled and loaded.
    """

    def __init__(self, asked: Asked, ready: asyncio.Future[None]) -> None:
        self.asked = asked
        self.version = 1
        self._ready = ready
        self._changed = asyncio.Event()
        self._closed = False
        self._waiting = 0
        self._not_ready = ""

    def ask(self, asked: Asked) -> None:
        """Ask for something else; what was asked for before and is not answered yet is forgotten."""
        self.asked = asked
        self.version += 1
        self._changed.set()

    def change(self, **fields: object) -> None:
        """Ask for the same but for some fields of `Asked`, as plain data.

        Raises
        ------
        HipspineError
            If one is not allowed; what is asked for stays.
        """
        self.ask(Asked.from_dict({**self.asked.to_dict(), **fields}))

    def close(self) -> None:
        """The tab is gone: whoever waits for an answer waits no longer."""
        self._closed = True
        self._changed.set()

    async def next_after(self, version: int, has: Sequence[str] = ()) -> tuple[int, str] | None:
        """The newest answer, as soon as there is something newer than `version` to answer.

        Parameters
        ----------
        version : int
            Of the answer that is drawn; 0 for none.
        has : sequence of str
            What the tab holds already, by ``free_id`` and ``shapes_id``: it is not sent again.

        Returns
        -------
        version : int
        message : str
            JSON: `version` with `shown`, or with `error` in words.
        None
            Once the tab is closed, or waits anew: a line that dropped does not keep its place.
        """
        self._waiting += 1
        own = self._waiting
        self._changed.set()  # whoever waited before goes
        try:
            await asyncio.shield(self._ready)
        except Exception as error:
            self._not_ready = f"{FAULT}: the solver could not be started: {type(error).__name__}: {error}"
        while self.version <= version and self._waits(own):
            self._changed.clear()
            await self._changed.wait()
        if not self._waits(own):
            return None
        asked, version = self.asked, self.version
        if self._not_ready:
            return version, json.dumps({"version": version, "error": self._not_ready})
        message = await asyncio.get_running_loop().run_in_executor(SOLVERS, _answer, asked, version, has)
        return (version, message) if self._waits(own) else None

    def _waits(self, own: int) -> bool:
        """Whether that one, of those who came to wait, is still waited for."""
        return own == self._waiting and not self._closed


def _answer(asked: Asked, version: int, has: Sequence[str]) -> str:
    """The message to the tab with the answer; what went wrong in words."""
    from simulate.teach.shown import show

    try:
        shown = show(asked)
        known = {name for name in ("free", "shapes") if shown[f"{name}_id"] in has}
        sent = {name: value for name, value in shown.items() if name not in known}
        return json.dumps({"version": version, "shown": sent}, allow_nan=False)
    except HipspineError as error:
        words = str(error)
    except Exception as error:  # the page outlives it, and says so
        log.exception("%s: %s", FAULT, asked.to_dict())
        words = f"{FAULT}: {type(error).__name__}: {error}"
    return json.dumps({"version": version, "error": words})


__all__ = ["FAULT", "SOLVERS", "Session"]
