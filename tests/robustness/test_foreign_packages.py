"""Other distributions install a `simulate` or a `kinematics` too: the command says so instead of running them."""

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize("name", ["kinematics", "simulate", "experiments"])
def test_a_foreign_package_is_named_and_not_run(tmp_path, name, request):
    package = tmp_path / name
    package.mkdir()
    (package / "__init__.py").write_text("raise SystemExit('foreign code ran')", encoding="utf-8")
    path = os.pathsep.join([str(tmp_path), str(request.config.rootpath)])
    command = [sys.executable, "-c", "import hipspine; hipspine.main()"]
    ran = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": path}, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 2
    assert str(package) in ran.stderr
    assert "environment of its own" in ran.stderr
    assert "foreign code ran" not in ran.stderr
