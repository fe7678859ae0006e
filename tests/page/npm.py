"""Tools from npm, which are installed when a test asks for them; none of them is part of the package."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from .. import processes

AXE = "axe-core@4.14.1"  # accessibility: https://github.com/dequelabs/axe-core
TYPESCRIPT = "typescript@5.9.3"  # checks the types that the script's comments state


def install(package: str, folder: Path) -> Path:
    """The folder of a package, in `folder`; the test is skipped without npm."""
    npm = shutil.which("npm")
    if npm is None or not shutil.which("node"):
        pytest.skip("Node with npm is not installed")
    command = [npm, "install", "--no-audit", "--no-fund", "--silent", "--prefix", str(folder), package]
    processes.run(command, check=True)
    return folder / "node_modules" / package.partition("@")[0]
