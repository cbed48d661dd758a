"""One server for all tests of the live page, and a browser for each that asks for one."""

import pytest

from tests.browser.driving import Server, Teach, browsing, programs


def pytest_collection_modifyitems(items):
    if programs() is None:
        reason = "needs a browser: chromium and chromedriver (Debian: chromium, chromium-driver)"
        for item in items:
            if "tests/browser/" in item.path.as_posix():
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="module")
def browser():
    """A browser that a module's tests share: each opens its own tab. None is left to draw beside what comes after."""
    with browsing() as driver:
        yield driver


@pytest.fixture(scope="session")
def server():
    """``hipspine teach``, as it is started."""
    started = Server()
    yield started
    assert started.stop() == 0
    assert not [line for line in started.errors if "Traceback" in line], "".join(started.errors)


@pytest.fixture
def page(browser, server):
    """The live page in a tab of its own; at the end it must not have complained."""
    browser.switch_to.new_window("tab")
    teach = Teach(browser)
    teach.open(server.address)
    browser.get_log("browser")
    yield teach
    complaints = teach.complaints()
    browser.close()
    browser.switch_to.window(browser.window_handles[0])
    assert complaints == []
