"""What the teaching page is started and asked with that cannot be: one message each, and nobody else gets in."""

import json
import socket
import urllib.error
import urllib.request

import pytest

from kinematics.errors import HipspineError
from simulate import cli
from simulate.teach.live.guard import Guard, host_name
from simulate.teach.live.server import address_of, listen
from tests.browser.driving import Server


@pytest.fixture
def hipspine(monkeypatch, capsys, tmp_path):
    """Run the command in an empty folder; returns (exit status, standard output, standard error)."""
    monkeypatch.chdir(tmp_path)

    def run(*words):
        monkeypatch.setattr("sys.argv", ["hipspine", *[str(word) for word in words]])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        streams = capsys.readouterr()
        return stop.value.code, streams.out, streams.err

    return run


def refused(hipspine, *words, says):
    code, out, err = hipspine("teach", "--no-browser", *words)
    assert code == 2
    assert out == ""
    assert "Traceback" not in err
    assert len([line for line in err.splitlines() if line.startswith(("hipspine:", "Error:"))]) == 1
    for word in says:
        assert word in err


def test_a_port_that_is_taken_is_one_message(hipspine):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused(hipspine, "--port", port, says=[f"--port {port}", "in use", "free one"])


@pytest.mark.parametrize("port", [-1, 65536, 10**9])
def test_a_port_that_there_is_not_is_one_message(hipspine, port):
    refused(hipspine, f"--port={port}", says=[f"--port {port}", "65535"])


def test_a_port_that_is_no_number_is_one_message(hipspine):
    refused(hipspine, "--port", "eighty", says=["--port", "eighty"])


@pytest.mark.parametrize("host", ["no.such.host.invalid", "192.0.2.1", "", "a b", "x" * 300])
def test_a_host_that_is_not_this_machine_is_one_message(hipspine, host):
    refused(hipspine, f"--host={host}", says=["--host"])


def test_a_lesson_that_there_is_not_is_one_message(hipspine, tmp_path):
    refused(hipspine, "--lesson", "the_stif_hip_walks", says=["the_stif_hip_walks", "the_stiff_hip_walks"])
    refused(hipspine, "--lesson", tmp_path / "none.md", says=["none.md"])
    (tmp_path / "bad.md").write_text("no lesson", encoding="utf-8")
    refused(hipspine, "--lesson", tmp_path / "bad.md", says=["bad.md", "line 1"])


def test_an_export_to_where_none_can_be_is_one_message(hipspine, tmp_path):
    refused(hipspine, "--export", tmp_path / "lesson.txt", says=["lesson.txt", ".html"])
    refused(hipspine, "--export", tmp_path / "none" / "lesson.html", says=["none"])
    assert list(tmp_path.rglob("lesson*")) == []


@pytest.mark.parametrize(("host", "warned"), [("0.0.0.0", True), ("127.0.0.1", False)])
def test_only_who_opens_the_page_to_others_is_warned(hipspine, monkeypatch, host, warned):
    class Bound:
        def getsockname(self):
            return host, 8000

    monkeypatch.setattr("simulate.teach.live.server.listen", lambda host, port: Bound())
    monkeypatch.setattr("simulate.teach.live.server.serve", lambda sock, *, listening, **rest: listening())
    code, out, err = hipspine("teach", "--no-browser", "--host", host)
    assert code == 0
    assert "http://127.0.0.1:8000/" in out
    assert ("warning" in err and "no password" in err) is warned


def test_without_a_port_a_free_one_is_found_every_time():
    with listen("127.0.0.1", 0) as one, listen("127.0.0.1", 0) as other:
        assert address_of(one) != address_of(other)
        assert address_of(one).startswith("http://127.0.0.1:")


def test_listening_twice_on_one_port_is_refused():
    with listen("127.0.0.1", 0) as one, pytest.raises(HipspineError, match="leave --port out"):
        listen("127.0.0.1", one.getsockname()[1])


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("localhost:1", "localhost"),
        ("http://localhost:1", "localhost"),
        ("[::1]:80", "::1"),
        ("http://[::1]", "::1"),
        ("127.0.0.1", "127.0.0.1"),
        ("", ""),
        ("evil.example:8000", "evil.example"),
    ],
)
def test_a_host_has_its_name_without_scheme_port_and_brackets(said, name):
    assert host_name(said) == name


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("127.0.0.1:8000", None, 200),
        ("localhost:8000", "http://localhost:8000", 200),
        ("[::1]:8000", None, 200),
        ("127.0.0.1:8000", "http://evil.example", 403),
        ("127.0.0.1:8000", "null", 403),
        ("127.0.0.1:8000", "http://127.0.0.1:9000", 403),
        ("evil.example:8000", None, 403),
        ("evil.example:8000", "http://evil.example:8000", 403),
        ("127.0.0.1.evil.example", None, 403),
        ("", None, 403),
    ],
)
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_another_site_in_the_browser_is_turned_away(host, origin, status, kind):
    assert _status(kind, loopback=True, host=host, origin=origin) == status


def test_where_others_are_let_in_they_come_by_any_name_but_not_from_another_site():
    assert _status("http", loopback=False, host="classroom:80", origin="http://classroom:80") == 200
    assert _status("http", loopback=False, host="classroom:80", origin="http://evil.example") == 403


def _status(kind, *, loopback, host, origin):
    """What comes of a request: 200 if it is let through, else 403."""
    import asyncio

    sent = []

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message):
        sent.append(message)

    headers = [(b"host", host.encode())] + ([(b"origin", origin.encode())] if origin is not None else [])
    scope = {"type": kind, "headers": headers, "method": "GET", "path": "/"}
    asyncio.run(Guard(app, loopback=loopback)(scope, None, send))
    first = sent[0]
    return 403 if first["type"] == "websocket.close" else first["status"]


def test_the_served_page_reads_no_files_and_forbids_what_is_foreign(tmp_path):
    server = Server("--port", "0")
    try:
        with urllib.request.urlopen(server.address, timeout=20) as page:
            policy = page.headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy and "http" not in policy
        assert "frame-ancestors 'none'" in policy
        for path in (
            "../../../../etc/passwd", "teach/page/../../asked.py", "teach/stage/..%2f..%2fasked.py",
            "teach/page/%2e%2e/asked.py", "teach/page/..%5casked.py", "teach/stage//etc/passwd",
        ):  # fmt: skip
            assert _code(server.address + path) in (400, 403, 404), path
        assert _code(server.address, Host="evil.example") == 403
        assert _code(server.address, Origin="http://evil.example") == 403
        assert "cannot be shown" in _text(server.address + "?state=%7Bnot%20json")
        wrong = urllib.request.quote(json.dumps({"limits_deg": {"knee_extension_rigth": 0}}))
        assert "knee_extension_rigth" in _text(server.address + f"?state={wrong}")
        script = urllib.request.quote(json.dumps({"task": "<script>alert(1)</script>"}))
        assert "<script>alert" not in _text(server.address + f"?state={script}")
    finally:
        assert server.stop() == 0
    assert "Traceback" not in "".join(server.errors)


def _code(url, **headers):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=20) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def _text(url):
    with urllib.request.urlopen(url, timeout=20) as answer:
        return answer.read().decode()
