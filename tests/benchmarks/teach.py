"""How quick the teaching page is, in a real browser: start, slider to picture, frames a second, memory over hours.

python tests/benchmarks/teach.py [--quick] [--changes N] [--no-cold]

Prints a section of docs/teach.md. The browser is the system's Chromium without a window and without a graphics card: it
draws in software, on the same cores as the solver, so the figures are the worst of their kind. The machine has to be
quiet: other programmes at work on two cores multiply everything.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.benchmarks.machine import machine
from tests.browser.driving import Server, Teach, browsing, programs

#: Moves one slider once, at a random instant between two frames, and says when what came of it was on the screen.
MOVE = """
const [label, value, done] = arguments;
const slider = [...document.querySelectorAll('.teach-slider input')].find((e) => e.ariaLabel === label);
setTimeout(() => {
  const asked = performance.now();
  addEventListener('teach-drawn', (e) => done({ ...e.detail, asked, python: teach.shown.ms_python }), { once: true });
  slider.value = value;
  slider.dispatchEvent(new Event('input', { bubbles: true }));
}, 40 + 60 * Math.random());
"""
#: Moves sliders at random, one change every few milliseconds; says how many answers were drawn meanwhile.
TRAFFIC = """
const [changes, pause, done] = arguments;
const sliders = [...document.querySelectorAll('.teach-slider input')].filter((e) => /hip|Lumbar/.test(e.ariaLabel));
const began = teach.answers;
let k = 0;
const move = () => {
  if (k++ >= changes) return done(teach.answers - began);
  const slider = sliders[Math.floor(Math.random() * sliders.length)];
  // from the middle of the range on: the limits of two opposite directions do not cross
  const [low, high] = [Math.max(+slider.min, 0), +slider.max];
  slider.value = low + Math.random() * (high - low);
  slider.dispatchEvent(new Event('input', { bubbles: true }));
  setTimeout(move, pause);
};
move();
"""


def started(cache, *, cold):
    """Seconds from the command to a listening page, to one that says what it does, and to an answer on it."""
    server = Server(cache=cache)
    listening = time.perf_counter() - server.began
    with browsing() as driver:
        opened = time.perf_counter()
        page = Teach(driver)
        driver.get(server.address)
        page.wait("document.querySelector('.teach-wait') || (window.teach && teach.answers > 0)", 60.0)
        said = time.perf_counter() - opened
        page.wait("window.teach && teach.answers > 0", 300.0)
        usable = time.perf_counter() - opened
    server.stop()
    return {"cold": cold, "listening": listening, "said": listening + said, "usable": listening + usable}


def quantiles(values):
    """Median, 95th percentile and largest."""
    ordered = sorted(values)
    return statistics.median(ordered), ordered[int(0.95 * (len(ordered) - 1))], ordered[-1]


def latency(page, moves):
    """From the slider's event to what is on the screen, and its parts. [ms]"""
    found = []
    for k in range(moves):
        found.append(page.driver.execute_async_script(MOVE, "Right hip extension", -10 + (7 * k) % 20))
    return {
        "slider to picture": [each["painted"] - each["asked"] for each in found],
        "slider to answer in the browser": [each["received"] - each["asked"] for each in found],
        "of it all Python": [each["python"] for each in found],
        "of it the solver": [each["solver"] for each in found],
        "putting it into figure and curves": [each["shown"] - each["received"] for each in found],
        "until the frame is out": [each["painted"] - each["shown"] for each in found],
    }


def frame_rate(page, seconds):
    """Pictures a second while it plays."""
    page.js("teach.stage.play()")
    time.sleep(1.0)
    before, began = page.js("return teach.stage.state().drawn"), time.perf_counter()
    time.sleep(seconds)
    return (page.js("return teach.stage.state().drawn") - before) / (time.perf_counter() - began)


def heap(driver):
    """The page's own memory after its garbage is collected. [MB]"""
    for _ in range(3):
        driver.execute_cdp_cmd("HeapProfiler.collectGarbage", {})
    metrics = driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
    return next(each["value"] for each in metrics if each["name"] == "JSHeapUsedSize") / 1e6


def traffic(page, server, changes, pause, settle):
    """Random changes, and what server and page hold before and after."""
    driver = page.driver
    driver.set_script_timeout(4 * 3600)
    driver.execute_cdp_cmd("Performance.enable", {})
    page.js("teach.stage.pause()")
    driver.execute_async_script(TRAFFIC, settle, pause)
    page.settle()
    time.sleep(12.0)  # what is kept for a broken line is let go
    before = server.megabytes(), heap(driver)
    began, drawn, done, trace = time.perf_counter(), 0, 0, []
    while done < changes:
        some = min(1000, changes - done)
        drawn += driver.execute_async_script(TRAFFIC, some, pause)
        done += some
        trace.append((done, server.megabytes()))
        print(f"  {done:6d} changes, {drawn} answers drawn, server {trace[-1][1]:.0f} MB", file=sys.stderr)
    page.settle()
    took = time.perf_counter() - began
    time.sleep(12.0)
    after = server.megabytes(), heap(driver)
    page.slide("Right hip extension", 3)
    assert page.shown()["asked"]["limits_deg"]["hip_extension_right"] == 3.0, "the page is dead"
    return {
        "changes": done,
        "drawn": drawn,
        "seconds": took,
        "server": (before[0], after[0]),
        "page": (before[1], after[1]),
        "errors": [line for line in server.errors if "Error" in line or "Traceback" in line] + page.complaints(),
    }


def main():
    """Measure, and print the section."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer moves and changes")
    parser.add_argument("--changes", type=int, default=20_000)
    parser.add_argument("--pause", type=float, default=5.0, help="milliseconds between two random changes")
    parser.add_argument("--no-cold", dest="cold", action="store_false", help="leave out the first start")
    given = parser.parse_args()
    if programs() is None:
        raise SystemExit("needs a browser: chromium and chromedriver (Debian: chromium, chromium-driver)")
    changes = 1000 if given.quick else given.changes
    moves = 20 if given.quick else 100
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder) if given.cold else None
        starts = [started(cache, cold=True)] if given.cold else []
        starts.append(started(cache, cold=False))
        server = Server(cache=cache)
        sizes = {}
        try:
            for width, height in ((1280, 720), (1920, 1080)):
                with browsing(width, height) as driver:
                    page = Teach(driver)
                    page.open(server.address)
                    version = driver.capabilities["browserVersion"]
                    time.sleep(20.0)  # the other movements are being prepared behind the first picture
                    frames = page.shown()["frames"]
                    rate = frame_rate(page, 4.0 if given.quick else 10.0)
                    playing = latency(page, moves)
                    time.sleep(1.0)
                    page.js("teach.stage.pause()")
                    sizes[width, height] = rate, playing, latency(page, moves)
            with browsing() as driver:
                page = Teach(driver)
                page.open(server.address)
                long = traffic(page, server, changes, given.pause, 500)
        finally:
            server.stop()
    print(section(starts, sizes, long, frames, version))


def section(starts, sizes, long, frames, version):
    """The figures as Markdown."""
    load = os.getloadavg()
    lines = [
        "## Measured",
        "",
        f"{machine('numba', 'nicegui')} Chromium {version}, no window, software rendering. Load of the machine "
        f"at the end: {load[1]:.1f} over {os.cpu_count()} cores.",
        "",
        "| start | page listens | page says what it does | usable |",
        "|---|---|---|---|",
    ]
    for each in starts:
        name = "first, kernels are compiled" if each["cold"] else "warm"
        lines.append(f"| {name} | {each['listening']:.1f} s | {each['said']:.1f} s | {each['usable']:.1f} s |")
    lines += ["", f"One move of a slider, {frames} frames of walking; median, 95th percentile, largest [ms]:", ""]
    heads = [f"{w} by {h}, {what}" for w, h in sizes for what in ("playing", "paused")]
    lines += ["| | " + " | ".join(heads) + " |", "|---|" + "---|" * len(heads)]
    for name in next(iter(sizes.values()))[1]:
        cells = [
            ", ".join(f"{value:.0f}" if value >= 10.0 else f"{value:.1f}" for value in quantiles(found[name]))
            for _, *both in sizes.values()
            for found in both
        ]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    rates = "; ".join(f"{w} by {h}: {rate:.0f}" for (w, h), (rate, *_) in sizes.items())
    changes = long["changes"]
    grew = [after - before for before, after in (long["server"], long["page"])]
    lines += [
        "",
        f"Pictures a second while it plays: {rates}.",
        "",
        f"{changes:,} random changes of limits in {long['seconds']:.0f} s; {long['drawn']:,} were drawn "
        f"(the newest wins): the server went from {long['server'][0]:.0f} to {long['server'][1]:.0f} MB "
        f"({grew[0]:+.0f}), the page's heap from {long['page'][0]:.0f} to {long['page'][1]:.0f} MB ({grew[1]:+.0f}), "
        f"errors: {len(long['errors'])}.",
    ]
    return "\n".join(lines + [f"    {error}" for error in long["errors"][:5]])


if __name__ == "__main__":
    main()
