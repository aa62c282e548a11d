"""What is installed: pinned, from no place in particular, the same for editor and tests, and without the GPL."""

import configparser
import re
import tomllib

import licences
import pytest
from environment import CHECKOUT, DEV_LOCK, PACKAGING, RUN_LOCK

REQUIREMENT = re.compile(r"[\w.-]+==[\w.+!-]+( ; .+)?")


def requirements(name: str) -> list[str]:
    """The lines of a lock file that name a package."""
    lines = (PACKAGING / name).read_text().splitlines()
    return [line for line in lines if not line.lstrip().startswith("#")]


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_every_package_is_pinned_and_no_host_is_named(name: str) -> None:
    assert requirements(name)
    assert [line for line in requirements(name) if not REQUIREMENT.fullmatch(line)] == []
    assert "://" not in (PACKAGING / name).read_text()


def test_both_files_agree() -> None:
    shared = licences.locked(RUN_LOCK) & licences.locked(DEV_LOCK)
    editor, tests = (
        {line for line in requirements(lock.name) if licences.normalised(line.partition("==")[0]) in shared}
        for lock in (RUN_LOCK, DEV_LOCK)
    )
    assert editor == tests


@pytest.mark.parametrize(("lock", "extra"), [(RUN_LOCK, None), (DEV_LOCK, "dev")])
def test_everything_the_project_declares_is_locked(lock: str, extra: str | None) -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    declared = project["optional-dependencies"][extra] if extra else project["dependencies"]
    names = {licences.normalised(re.split(r"[^\w.-]", line)[0]) for line in declared}
    assert names <= licences.locked(PACKAGING / lock)


def test_no_locked_package_is_under_the_gpl() -> None:
    found = {name: licences.licence_of(name) for name in licences.locked(RUN_LOCK) | licences.locked(DEV_LOCK)}
    assert {name: licence for name, licence in found.items() if not licences.is_acceptable(licence)} == {}


def test_licence_list_names_every_locked_package() -> None:
    listed = set(re.findall(r"^\| (\S+) \| .+ \| (?:editor|tests) \|$", licences.TABLE.read_text(), re.MULTILINE))
    assert listed == licences.locked(RUN_LOCK) | licences.locked(DEV_LOCK)


@pytest.mark.parametrize(
    ("licence", "acceptable"),
    [
        ("MIT", True),
        ("LGPL-3.0-only OR GPL-2.0-only", True),
        ("GPL-3.0-or-later", False),
        ("GNU General Public License v3 (GPLv3)", False),
        ("GNU Lesser General Public License v3 (LGPLv3)", True),
        ("AGPL-3.0-only OR GPL-3.0-only", False),
        ("MIT AND GPL-2.0-only", False),
        ("unknown", False),
    ],
)
def test_gpl_is_recognised(licence: str, acceptable: bool) -> None:
    assert licences.is_acceptable(licence) is acceptable


def test_desktop_entry_starts_the_projects_command() -> None:
    entry = configparser.ConfigParser(interpolation=None)
    entry.read(PACKAGING / "kintsugi.desktop")
    command, argument = entry["Desktop Entry"]["Exec"].split()
    scripts = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["scripts"]
    assert command in scripts
    assert argument == "%F"
