"""A skip is a failure in CI, and only there."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

_TESTS = {
    "test_in_the_body.py": "import pytest\ndef test_it():\n    pytest.skip('no wine here')\n",
    "test_of_the_module.py": "import pytest\npytest.skip('no wine here', allow_module_level=True)\n",
    "test_by_a_mark.py": "import pytest\n@pytest.mark.skipif(True, reason='no wine here')\ndef test_it(): pass\n",
    "test_expected.py": "import pytest\n@pytest.mark.xfail(reason='known')\ndef test_it(): assert False\n",
}


def _run(folder: Path, name: str, **environment: str) -> subprocess.CompletedProcess[str]:
    shutil.copy(Path(__file__).with_name("conftest.py"), folder)
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / name).write_text(_TESTS[name])
    kept = {key: value for key, value in os.environ.items() if key != "CI" and not key.startswith("PYTEST")}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", name]
    return subprocess.run(command, cwd=folder, env=kept | environment, text=True, capture_output=True, timeout=60)


@pytest.mark.parametrize("name", ["test_in_the_body.py", "test_of_the_module.py", "test_by_a_mark.py"])
def test_a_skip_fails_in_ci_with_its_reason(tmp_path: Path, name: str) -> None:
    ended = _run(tmp_path, name, CI="true")
    assert ended.returncode in (1, 2), ended.stdout
    assert "a skip is a failure in CI" in ended.stdout
    assert "no wine here" in ended.stdout


@pytest.mark.parametrize("name", ["test_in_the_body.py", "test_by_a_mark.py"])
def test_a_skip_is_a_skip_elsewhere(tmp_path: Path, name: str) -> None:
    ended = _run(tmp_path, name)
    assert ended.returncode == 0, ended.stdout
    assert "1 skipped" in ended.stdout


def test_an_expected_failure_is_no_skip(tmp_path: Path) -> None:
    ended = _run(tmp_path, "test_expected.py", CI="true")
    assert ended.returncode == 0, ended.stdout
    assert "1 xfailed" in ended.stdout
