"""A real browser and a real server, as a lecturer has them; used by the tests and by the benchmark."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
#: Where the pictures of a run are kept, to be looked at.
PICTURES = ROOT / "results" / "browser"
#: How the page is started.
COMMAND = (sys.executable, str(ROOT / "hipspine.py"), "teach", "--no-browser")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
#: Software rendering, so that a machine without a graphics card draws too; nothing asks the outside.
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--disable-component-update",
    "--force-device-scale-factor=1",
    "--enable-precise-memory-info",
)


def programs() -> tuple[str, str] | None:
    """The browser and its driver on this machine; None if one is missing."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    driver = shutil.which("chromedriver")
    return (browser, driver) if browser and driver else None


@contextmanager
def browsing(width: int = 1280, height: int = 720, *flags: str) -> Iterator[Any]:
    """A browser whose page is so large."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    found = programs()
    assert found is not None
    options = webdriver.ChromeOptions()
    options.binary_location = found[0]
    for flag in (*FLAGS, f"--window-size={width},{height}", *flags):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(found[1]))
    try:
        resize(driver, width, height)
        yield driver
    finally:
        driver.quit()


def resize(driver: Any, width: int, height: int) -> None:
    """Make the page, not the window, so large."""
    driver.set_window_size(width, height)
    inner = driver.execute_script("return [innerWidth, innerHeight]")
    driver.set_window_size(2 * width - inner[0], 2 * height - inner[1])


class Server:
    """``hipspine teach`` in a process of its own."""

    def __init__(self, *words: str, cache: Path | None = None) -> None:
        env = {**os.environ, "PYTHONUNBUFFERED": "1", "HIPSPINE_DEBUG": "1"}
        if cache is not None:
            env["NUMBA_CACHE_DIR"] = str(cache)
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            [*COMMAND, *words],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=env,
        )  # fmt: skip
        self.errors: list[str] = []
        assert self.process.stderr is not None and self.process.stdout is not None
        stderr = self.process.stderr
        self._reading = threading.Thread(target=lambda: self.errors.extend(stderr), daemon=True)
        self._reading.start()
        first = self.process.stdout.readline()
        match = re.search(r"http://\S+", first)
        if match is None:
            self.process.wait(10)
            raise RuntimeError(f"no address: {first!r} {''.join(self.errors)}")
        self.address = match[0]

    def megabytes(self) -> float:
        """Memory that the server holds."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmRSS"):
                return float(line.split()[1]) / 1024.0
        raise RuntimeError("no VmRSS")

    def stop(self) -> int:
        """End it as Ctrl-C does; the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(2)
        try:
            return self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        finally:
            self._reading.join(5)
            for stream in (self.process.stdout, self.process.stderr):
                if stream is not None:
                    stream.close()


class Teach:
    """The page in one tab, in words."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def js(self, script: str, *args: Any) -> Any:
        """What a script returns."""
        return self.driver.execute_script(script, *args)

    def wait(self, condition: str, seconds: float = 60.0, *args: Any) -> None:
        """Until an expression is true."""
        end = time.perf_counter() + seconds
        while not self.js(f"return !!({condition})", *args):
            if time.perf_counter() > end:
                raise TimeoutError(f"not within {seconds:g} s: {condition}; {self.js('return window.teach ?? null')}")
            time.sleep(0.02)

    def open(self, address: str) -> None:
        """Open the page and wait until it shows an answer."""
        self.driver.get(address)
        self.wait("window.teach && teach.answers > 0", 180.0)

    def settle(self, answers: int | None = None) -> None:
        """Wait until the newest question is answered and drawn, and nothing comes after it.

        `answers` is how many there were before something was asked; without it nothing need come.
        """
        if answers is not None:
            self.wait("teach.answers > arguments[0]", 30.0, answers)
        seen, since = -1, time.perf_counter()
        while time.perf_counter() - since < 0.3:
            now = self.answers()
            if now != seen:
                seen, since = now, time.perf_counter()
            time.sleep(0.03)

    def answers(self) -> int:
        """How many answers were drawn so far."""
        return int(self.js("return teach.answers"))

    def slide(self, label: str, value: float, *, answered: bool = True) -> None:
        """Drag a slider somewhere, and wait for what comes of it."""
        before = self.answers()
        stood = self.given(label)
        moved = self.js(
            "const i = [...document.querySelectorAll('input[type=range]')].find((e) => e.ariaLabel === arguments[0]);"
            "if (!i) return false; i.value = arguments[1];"
            "i.dispatchEvent(new Event('input', { bubbles: true })); return true;",
            label, value,
        )  # fmt: skip
        assert moved, f"no slider {label!r}: {self.sliders()}"
        self.settle(before if answered and self.sliders()[label] != stood else None)

    def given(self, label: str) -> float | None:
        """Where a slider was moved to; None if it stands where it does because nobody did."""
        found = self.js(
            "const i = [...document.querySelectorAll('.teach-slider input')].find((e) => e.ariaLabel === arguments[0]);"
            "return i?.dataset.given === 'true' ? +i.value : null",
            label,
        )
        return None if found is None else float(found)

    def said(self, label: str) -> str:
        """What a slider says of where it stands."""
        return str(
            self.js(
                "return [...document.querySelectorAll('.teach-slider input')].find("
                "(e) => e.ariaLabel === arguments[0]).closest('.teach-slider').querySelector('output').textContent",
                label,
            )
        )

    def release(self, label: str) -> None:
        """Take away what a slider was moved to, by its cross, and wait for what comes of it."""
        before = self.answers()
        found = self.js(
            "const b = [...document.querySelectorAll('.teach-slider__release')].find("
            "(e) => e.ariaLabel.startsWith(`${arguments[0]}: `)); b?.click(); return Boolean(b)",
            label,
        )
        assert found, f"no cross at {label!r}"
        self.settle(before)

    def sliders(self) -> dict[str, float]:
        """Where every slider stands, by its name."""
        return dict(
            self.js("return [...document.querySelectorAll('.teach-slider input')].map((e) => [e.ariaLabel, +e.value])")
        )

    def shown(self) -> dict[str, Any]:
        """The answer that is drawn, without its frames."""
        return dict(self.js("return teach.shown"))

    def headline(self) -> str:
        """What stands above the figure."""
        return str(self.js("return document.querySelector('.teach-headline').textContent")).strip()

    def ask_by(self, selector: str) -> None:
        """Click what a CSS selector finds, and wait for what comes of it."""
        before = self.answers()
        self.click(selector)
        self.settle(before)

    def click(self, selector: str) -> None:
        """Click the first element that a CSS selector finds."""
        from selenium.webdriver.common.by import By

        self.wait("document.querySelector(arguments[0])?.getClientRects().length", 20.0, selector)
        element = self.driver.find_element(By.CSS_SELECTOR, selector)
        self.js("arguments[0].scrollIntoView({ block: 'center' }); arguments[0].click()", element)

    def switch(self, text: str) -> None:
        """Turn a switch on or off."""
        found = self.js(
            "const t = [...document.querySelectorAll('.q-toggle')].find((e) => e.textContent.trim() === arguments[0]);"
            "t?.scrollIntoView({ block: 'center' }); return t ?? null;",
            text,
        )
        assert found is not None, f"no switch {text!r}"
        self.wait("arguments[0].getClientRects().length", 10.0, found)
        self.js("arguments[0].click()", found)
        time.sleep(0.3)
        self.settle()

    def ask(self, text: str) -> None:
        """Click the button with that text, and wait for what comes of it."""
        before = self.answers()
        self.button(text)
        self.settle(before)

    def button(self, text: str) -> None:
        """Click the visible button with that text."""
        found = self.js(
            "const b = [...document.querySelectorAll('button, [role=button], .q-item')].find("
            "(e) => e.textContent.trim() === arguments[0] && e.offsetParent !== null);"
            "b?.scrollIntoView({ block: 'center' }); return b ?? null;",
            text,
        )
        assert found is not None, f"no button {text!r}"
        self.js("arguments[0].click()", found)

    def unfold(self, title: str) -> None:
        """Open a folded group."""
        found = self.js(
            "const h = [...document.querySelectorAll('.teach-folded .q-item')].find("
            "(e) => e.querySelector('.q-item__label')?.textContent === arguments[0]);"
            "h?.scrollIntoView({ block: 'center' }); return h ?? null;",
            title,
        )
        assert found is not None, f"nothing folded {title!r}"
        self.js("arguments[0].click()", found)
        time.sleep(0.4)  # it unfolds

    def choose(self, label: str, option: str) -> None:
        """Choose from a list."""
        found = self.js(
            "return [...document.querySelectorAll('.q-select')].find("
            "(e) => e.querySelector('.q-field__label')?.textContent === arguments[0]) ?? null",
            label,
        )
        assert found is not None, f"no list {label!r}"
        before = self.answers()
        self.js("arguments[0].scrollIntoView({ block: 'center' })", found)
        found.click()
        item = "[...document.querySelectorAll('.q-menu .q-item')].find((e) => e.textContent.trim() === arguments[0])"
        self.wait(item, 20.0, option)
        self.js(f"{item}.click()", option)
        self.wait("!document.querySelector('.q-menu')", 20.0)
        self.settle(before)

    def picture(self, name: str) -> None:
        """Keep a picture of the page."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.driver.save_screenshot(str(PICTURES / f"{name}.png"))

    def complaints(self) -> list[str]:
        """What the browser's console has to complain of."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] in ("SEVERE", "ERROR")]

    def remote(self) -> list[str]:
        """What the page has loaded from elsewhere."""
        return list(
            self.js(
                "return performance.getEntriesByType('resource').map((e) => e.name)"
                ".filter((name) => !name.startsWith(location.origin) && !/^(data|blob):/.test(name))"
            )
        )


def asked(page: Teach) -> dict[str, Any]:
    """What the answer that is drawn was asked for."""
    return dict(page.shown()["asked"])


def until_asked(page: Teach, wanted: dict[str, Any], seconds: float = 60.0) -> None:
    """Until what is drawn is the answer to that."""
    end = time.perf_counter() + seconds
    while asked(page) != wanted:
        assert time.perf_counter() < end, (asked(page), wanted, page.js("return teach.error"))
        time.sleep(0.05)
