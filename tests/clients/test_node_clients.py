"""The official Node clients, unmodified, against a running server: each tells the whole story.

They are installed once by name into ``.cache/clients/node``; without Node, npm or a registry the tests say so and skip.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.clients import sls_story
from tests.clients.server import Server
from tests.clients.story import check

HERE = Path(__file__).parent / "node"
CACHE = Path(__file__).parents[2] / ".cache" / "clients" / "node"
INSTALL_SECONDS = 300


@pytest.fixture(scope="session")
def modules() -> Path:
    """The directory that holds ``node_modules``, as ``package.json`` says."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed: the Node clients cannot be run")
    wanted = (HERE / "package.json").read_text()
    done = CACHE / "installed.json"
    if not done.exists() or done.read_text() != wanted:
        CACHE.mkdir(parents=True, exist_ok=True)
        (CACHE / "package.json").write_text(wanted)
        install = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
        result = subprocess.run(install, cwd=CACHE, capture_output=True, text=True, timeout=INSTALL_SECONDS)
        if result.returncode:
            pytest.skip(f"npm could not install the Node clients: {result.stderr[-300:]}")
        done.write_text(wanted)
    return CACHE / "node_modules"


@pytest.mark.parametrize("client", ["vpc20160428", "pop-core"])
def test_the_story(client: str, server: Server, modules: Path) -> None:
    with server.vpc() as vpc_id:
        environment = {**server.environment(vpc_id), "NODE_PATH": str(modules)}
        told = subprocess.run(
            ["node", str(HERE / f"{client}.js")], env=environment, capture_output=True, text=True, timeout=120
        )
        assert told.returncode == 0, told.stderr
        check(json.loads(told.stdout))


@pytest.mark.parametrize(("client", "without"), [("sls_log", {"shards", "pulled"}), ("sls20201230", {"pulled"})])
def test_the_log_service(client: str, without: set[str], server: Server, modules: Path) -> None:
    with sls_story.stage(server, client) as environment:
        told = subprocess.run(
            ["node", str(HERE / f"{client}.js")],
            env={**environment, "NODE_PATH": str(modules)},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert told.returncode == 0, told.stderr
        sls_story.check(told.stdout, without=without)
