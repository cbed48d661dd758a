"""The page of ``hipspine teach``: controls on the left, the stage beside them, lessons where they are wanted."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from urllib.parse import quote

import nicegui.elements.echart
import nicegui.elements.scene  # noqa: F401  (both enter their drawing libraries under a name that the stage imports)
from nicegui import ui
from nicegui.events import GenericEventArguments

from kinematics.errors import HipspineError
from simulate.teach.asked import Asked
from simulate.teach.lesson import Lesson
from simulate.teach.live.controls import Controls
from simulate.teach.live.lesson_panel import LessonPanel
from simulate.teach.live.session import Session

#: The address of the page follows what is asked for when nothing has changed for so long. [s]
SETTLED = 0.8
#: Where the figure is looked at from at first.
CAMERA = "three-quarter"
#: The keys, as the page lists them.
KEYS = (
    ("Tab", "from control to control"),
    ("← → Page Home End", "move a slider that has the focus"),
    ("Space", "play, pause"),
    ("← →", "a frame back, a frame on; with Shift ten"),
    ("1 2 3 4 5", "look from the front, the side, the back, above, obliquely"),
    ("G", "the ghost of the unrestricted person"),
    ("P", "projector: large type, high contrast"),
    ("L", "lessons"),
    ("N, B", "next step of a lesson, and back"),
    ("R", "reset everything"),
    ("?", "these keys"),
)


class Tabs:
    """The tabs that are open, each with its own state; whether the solver is ready; the lessons that are offered.

    Parameters
    ----------
    lessons : sequence of Lesson
    opened : str
        Name of the lesson that a new tab begins with; empty for none.
    """

    def __init__(self, lessons: Sequence[Lesson], opened: str = "") -> None:
        self.lessons, self.opened = lessons, opened
        self.sessions: dict[str, Session] = {}
        self.ready: asyncio.Future[None]


class Stage(ui.element, component="browser/teach_stage.js"):
    """Headline, figure and curves, over a line of their own. Emits ``command`` for the page's keys."""

    def __init__(self) -> None:
        super().__init__()
        self._props["files"] = "/teach/stage"
        self._props["line"] = "/teach/live"

    def do(self, what: str, value: object = None) -> None:
        """Let the drawing do something: ``camera``, ``seek``, ``play``, ``highlight``."""
        self.run_method("set", what, value)


class Page:
    """One tab: its session, its controls, its stage, its lessons.

    Parameters
    ----------
    session : Session
    tabs : Tabs
    problem : str
        What was wrong with the address, in words; else empty.
    """

    def __init__(self, session: Session, tabs: Tabs, problem: str) -> None:
        self._session = session
        self._addressed = session.asked
        self._help = _keys_dialog()
        with ui.element("header").classes("teach-top"):
            ui.label("hipspine").classes("teach-top__name")
            with ui.element("nav").classes("teach-top__bar").props('aria-label="Page"'):
                self._lesson_button = ui.button("Lessons", icon="school", on_click=self._toggle_lessons)
                reset = ui.button("Reset", icon="restart_alt", on_click=self._reset)
                keys = ui.button(icon="keyboard", on_click=self._help.open).props('aria-label="Keys"')
                for button in (self._lesson_button, reset, keys):
                    button.props("flat dense no-caps color=white")
        self._main = ui.element("main").classes("teach-main")
        with self._main:
            with ui.element("div").classes("teach-side teach-controls").props('role="region" aria-label="Controls"'):
                self._complaint = ui.label().classes("teach-error").props('role="alert"')
                self._controls = Controls(session, self._complain, lambda asked: self._lessons.follow(asked))
            self._stage = Stage().classes("teach-middle")
            self._stage.on("command", self._command)
            with ui.element("div").classes("teach-side teach-lessons").props('role="region" aria-label="Lesson"'):
                self._lessons = LessonPanel(
                    tabs.lessons, asked=lambda: session.asked, put=self._put, stage=self._stage.do
                )
        self._complain(problem)
        if tabs.opened:
            self._toggle_lessons()
            self._lessons.open(tabs.opened)
        ui.timer(SETTLED, self._address)

    def _put(self, asked: Asked) -> None:
        """Ask for something from outside of the controls, and show it on them."""
        self._session.ask(asked)
        self._controls.put(asked)
        self._complain("")

    def _complain(self, text: str) -> None:
        self._complaint.text = text
        self._complaint.visible = bool(text)

    def _reset(self) -> None:
        self._put(Asked())
        self._lessons.follow(self._session.asked)
        self._stage.do("camera", CAMERA)

    def _toggle_lessons(self) -> None:
        opened = "teach-main--lesson" not in self._main.classes
        self._main.classes(toggle="teach-main--lesson")
        self._lesson_button.props(f'aria-pressed="{str(opened).lower()}"')

    def _command(self, event: GenericEventArguments) -> None:
        commands = {
            "lessons": self._toggle_lessons,
            "next": self._lessons.next,
            "back": self._lessons.back,
            "reset": self._reset,
            "keys": self._help.open,
        }
        commands[event.args]()

    def _address(self) -> None:
        """Let the address of the page say what it shows, so that it can be kept, and survives a reload."""
        asked = self._session.asked
        if asked is self._addressed:
            return
        self._addressed = asked
        plain = asked.to_dict()
        state = "" if plain == Asked().to_dict() else f"?state={quote(json.dumps(plain, separators=(',', ':')))}"
        ui.navigate.history.replace(f"/{state}")


def _keys_dialog() -> ui.dialog:
    with ui.dialog() as dialog, ui.card().props('role="document" aria-label="Keys"'):
        with ui.element("dl").classes("teach-keys"):
            for key, what in KEYS:
                ui.element("dt").add_slot("default", key)
                ui.element("dd").add_slot("default", what)
        ui.button("Close", on_click=dialog.close).props("flat no-caps")
    return dialog


def build_page(tabs: Tabs, state: str) -> None:
    """Build the page of a new tab.

    Parameters
    ----------
    tabs : Tabs
    state : str
        What its address asks for, as JSON of `Asked`; empty for nothing.
    """
    asked, problem = Asked(), ""
    if state:
        try:
            asked = Asked.from_dict(json.loads(state))
        except (HipspineError, ValueError, TypeError) as error:
            problem = f"The address of this page asks for what cannot be shown: {error}"
    client = ui.context.client
    session = Session(asked, tabs.ready)
    tabs.sessions[client.id] = session

    def gone() -> None:
        session.close()
        tabs.sessions.pop(client.id, None)

    client.on_delete(gone)
    for sheet in ("stage/stage.css", "page/teach.css"):
        ui.add_head_html(f'<link rel="stylesheet" href="/teach/{sheet}">')
    ui.colors(primary="#0072b2")
    Page(session, tabs, problem)


__all__ = ["Page", "Stage", "Tabs", "build_page"]
