"""The official clients that take minutes to build: Go and Java. `make test-clients` runs them.

Each is installed by package name (Go module proxy, Maven Central) into ``.cache/clients``. What cannot be had is named
in ``docs/guide/clients.md`` with the proof.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.clients import sls_story
from tests.clients.server import Server
from tests.clients.story import check

HERE = Path(__file__).parent
CACHE = HERE.parents[2] / ".cache" / "clients"
BUILD_SECONDS = 1200
TELL_SECONDS = 180

pytestmark = [
    pytest.mark.timeout(BUILD_SECONDS + TELL_SECONDS),
    pytest.mark.skipif(os.environ.get("WEIR_CLIENTS") != "heavy", reason="takes minutes: run by make test-clients"),
]


def workshop(language: str, *programs: str) -> Path:
    """A copy of the language's stories in the cache, where its tools may write; skips where a program is missing."""
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed: the {language} clients cannot be built")
    return Path(shutil.copytree(HERE / language, CACHE / language, dirs_exist_ok=True))


def done(words: list[str], place: Path, environment: Mapping[str, str] | None, seconds: int) -> str:
    """What the command wrote to standard output; fails with its errors."""
    result = subprocess.run(words, cwd=place, env=environment, capture_output=True, text=True, timeout=seconds)
    assert result.returncode == 0, f"{' '.join(words)}\n{result.stdout[-2000:]}\n{result.stderr[-4000:]}"
    return result.stdout


@pytest.fixture(scope="session")
def go_stories() -> Path:
    place = workshop("go", "go")
    done(["go", "mod", "tidy"], place, None, BUILD_SECONDS)
    done(["go", "build", "-o", "stories", "."], place, None, BUILD_SECONDS)
    return place / "stories"


@pytest.fixture(scope="session")
def java_stories() -> list[str]:
    place = workshop("java", "mvn", "java")
    goals = ["compile", "dependency:build-classpath", "-Dmdep.outputFile=classpath"]
    done(["mvn", "--batch-mode", "--quiet", *goals], place, None, BUILD_SECONDS)
    return ["java", "-cp", f"target/classes:{(place / 'classpath').read_text()}", "Story"]


@pytest.mark.parametrize(
    "module",
    [
        "github.com/aliyun/terraform-provider-alicloud",
        "github.com/aliyun/aliyun-cli/v3",
        "github.com/alibabacloud-go/vpc-20160428/v6",
    ],
)
def test_what_cannot_be_had(module: str) -> None:
    """Asked anew in every run, so the guide's list is never older than the last one."""
    if shutil.which("go") is None:
        pytest.skip("go is not installed")
    CACHE.mkdir(parents=True, exist_ok=True)
    asked = ["go", "list", "-m", f"{module}@latest"]
    result = subprocess.run(asked, cwd=CACHE, capture_output=True, text=True, timeout=TELL_SECONDS)
    told = " ".join((result.stderr or result.stdout).split())
    pytest.skip(f"{' '.join(asked)}: {told[-80:]}" if result.returncode else f"{told} can be had here: run it too")


@pytest.mark.parametrize("client", ["sdk", "common", "openapi"])
def test_go(client: str, server: Server, go_stories: Path) -> None:
    with server.vpc() as vpc_id:
        told = done([str(go_stories), client], go_stories.parent, server.environment(vpc_id), TELL_SECONDS)
        check(json.loads(told))


def test_java(server: Server, java_stories: list[str]) -> None:
    with server.vpc() as vpc_id:
        told = done(java_stories, CACHE / "java", server.environment(vpc_id), TELL_SECONDS)
        check(json.loads(told), unknown={"IpVersion"})


@pytest.fixture(scope="session")
def go_sls() -> Path:
    place = workshop("go_sls", "go")
    done(["go", "mod", "tidy"], place, None, BUILD_SECONDS)
    done(["go", "build", "-o", "story", "."], place, None, BUILD_SECONDS)
    return place / "story"


def test_go_log_service(server: Server, go_sls: Path) -> None:
    """``aliyun-log-go-sdk``: client, producer and consumer."""
    with sls_story.stage(server, "go_sls") as environment:
        told = done([str(go_sls)], go_sls.parent, environment, TELL_SECONDS)
        sls_story.check(told, has_consumer=True)


def test_java_log_service(server: Server) -> None:
    """``aliyun-log``."""
    place = workshop("java_sls", "mvn", "java")
    goals = ["compile", "dependency:build-classpath", "-Dmdep.outputFile=classpath"]
    done(["mvn", "--batch-mode", "--quiet", *goals], place, None, BUILD_SECONDS)
    program = ["java", "-cp", f"target/classes:{(place / 'classpath').read_text()}", "SlsStory"]
    with sls_story.stage(server, "java_sls") as environment:
        sls_story.check(done(program, place, environment, TELL_SECONDS))
