"""The libraries of the system that Qt and OpenCV need on Linux: which are missing, and which package brings them."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from environment import missing_libraries_note, python_of, say

# library -> package of Debian and Ubuntu, package of Fedora
PACKAGES = {
    "libEGL.so.1": ("libegl1", "libglvnd-egl"),
    "libGL.so.1": ("libgl1", "libglvnd-glx"),
    "libGLX.so.0": ("libglx0", "libglvnd-glx"),
    "libICE.so.6": ("libice6", "libICE"),
    "libOpenGL.so.0": ("libopengl0", "libglvnd-opengl"),
    "libSM.so.6": ("libsm6", "libSM"),
    "libX11.so.6": ("libx11-6", "libX11"),
    "libX11-xcb.so.1": ("libx11-xcb1", "libX11-xcb"),
    "libXext.so.6": ("libxext6", "libXext"),
    "libXrender.so.1": ("libxrender1", "libXrender"),
    "libdbus-1.so.3": ("libdbus-1-3", "dbus-libs"),
    "libfontconfig.so.1": ("libfontconfig1", "fontconfig"),
    "libfreetype.so.6": ("libfreetype6", "freetype"),
    "libglib-2.0.so.0": ("libglib2.0-0", "glib2"),
    "libgthread-2.0.so.0": ("libglib2.0-0", "glib2"),
    "libwayland-client.so.0": ("libwayland-client0", "libwayland-client"),
    "libwayland-cursor.so.0": ("libwayland-cursor0", "libwayland-cursor"),
    "libwayland-egl.so.1": ("libwayland-egl1", "libwayland-egl"),
    "libxcb.so.1": ("libxcb1", "libxcb"),
    "libxcb-cursor.so.0": ("libxcb-cursor0", "xcb-util-cursor"),
    "libxcb-glx.so.0": ("libxcb-glx0", "libxcb"),
    "libxcb-icccm.so.4": ("libxcb-icccm4", "xcb-util-wm"),
    "libxcb-image.so.0": ("libxcb-image0", "xcb-util-image"),
    "libxcb-keysyms.so.1": ("libxcb-keysyms1", "xcb-util-keysyms"),
    "libxcb-randr.so.0": ("libxcb-randr0", "libxcb"),
    "libxcb-render.so.0": ("libxcb-render0", "libxcb"),
    "libxcb-render-util.so.0": ("libxcb-render-util0", "xcb-util-renderutil"),
    "libxcb-shape.so.0": ("libxcb-shape0", "libxcb"),
    "libxcb-shm.so.0": ("libxcb-shm0", "libxcb"),
    "libxcb-sync.so.1": ("libxcb-sync1", "libxcb"),
    "libxcb-util.so.1": ("libxcb-util1", "xcb-util"),
    "libxcb-xfixes.so.0": ("libxcb-xfixes0", "libxcb"),
    "libxcb-xkb.so.1": ("libxcb-xkb1", "libxcb"),
    "libxkbcommon.so.0": ("libxkbcommon0", "libxkbcommon"),
    "libxkbcommon-x11.so.0": ("libxkbcommon-x11-0", "libxkbcommon-x11"),
    "libz.so.1": ("zlib1g", "zlib"),
    "libzstd.so.1": ("libzstd1", "libzstd"),
}

# Loads what the editor will load and prints the loader's complaint, then the files whose needs `ldd` can list in full:
# the loader names only the first library that it misses.
PROBE = """
import ctypes, importlib.util, pathlib
folder = pathlib.Path(importlib.util.find_spec("PySide6").origin).parent
platform = folder / "Qt" / "plugins" / "platforms" / "libqxcb.so"
for load in (lambda: __import__("cv2"), lambda: __import__("PySide6.QtWidgets"), lambda: ctypes.CDLL(str(platform))):
    try:
        load()
    except (ImportError, OSError) as error:
        print(error)
print("FILES", *folder.glob("QtWidgets*.so"), platform, sep="\\n")
"""


def check(venv: Path) -> None:
    """Find the system libraries that are missing, install them if that is allowed, and say what is left to do.

    Nothing is raised: the command line works without the libraries of the window. A note in `venv` keeps the names,
    so that the next start looks again.
    """
    note = missing_libraries_note(venv)
    missing = find_missing(python_of(venv))
    if missing:
        packages = [PACKAGES[library][0] for library in missing if library in PACKAGES]
        if install(sorted(set(packages))):
            missing = find_missing(python_of(venv))
    if missing:
        say(advice(missing))
        note.write_text("\n".join(missing) + "\n")
    else:
        note.unlink(missing_ok=True)


def find_missing(python: Path) -> list[str]:
    """The names (`libEGL.so.1`) of the shared libraries that the environment's Qt or OpenCV miss."""
    if not sys.platform.startswith("linux"):
        return []
    done = subprocess.run([str(python), "-c", PROBE], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    complaints, _, files = done.stdout.partition("FILES\n")
    missing = parse_missing(complaints)
    if missing and shutil.which("ldd"):
        # ldd sets an exit code for files that need nothing; its text is what counts.
        listing = subprocess.run(["ldd", *files.split("\n")[:-1]], capture_output=True, text=True).stdout
        missing += parse_missing(listing)
    return sorted(set(missing))


def parse_missing(text: str) -> list[str]:
    """The libraries that a message of the dynamic loader, or a listing by ldd, calls missing."""
    return re.findall(r"(\S+\.so\S*?)(?:: cannot open shared object file| => not found)", text)


def install(packages: list[str]) -> bool:
    """Install `packages` with apt-get if this is root on Debian or Ubuntu.

    Returns:
        Whether they were installed.
    """
    apt = shutil.which("apt-get")
    if not packages or apt is None or sys.platform == "win32" or os.geteuid() != 0:
        return False
    say(f"Installing {' '.join(packages)} …")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = [apt, "install", "-y", "--no-install-recommends", *packages]
    for attempt in (command, [apt, "update"], command):  # a fresh container has no package lists yet
        done = subprocess.run(attempt, env=environment, stdin=subprocess.DEVNULL, capture_output=True)
        if attempt is command and done.returncode == 0:
            return True
    say("apt-get could not install them.")
    return False


def advice(missing: list[str]) -> str:
    """One line that says which packages of the system bring the libraries `missing`."""
    column, how = (0, "sudo apt-get install") if shutil.which("apt-get") else (1, "sudo dnf install")
    if column == 1 and not shutil.which("dnf"):
        how = "install what your system calls"
    packages = sorted({PACKAGES[library][column] for library in missing if library in PACKAGES})
    unknown = [library for library in missing if library not in PACKAGES]
    parts = [f"{how} {' '.join(packages)}"] if packages else []
    parts += [f"install the package that has {' and '.join(unknown)}"] if unknown else []
    return f"The window needs libraries of the system that are missing ({', '.join(missing)}): {'; '.join(parts)}"
