"""Large files over https, which go on where they broke off."""

from __future__ import annotations

import http.client
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from editor.core.errors import ModelError
from editor.core.i18n import _

Progress = Callable[[float], None]

_LOG = logging.getLogger("kintsugi.runtime")
_BLOCK_BYTES = 1 << 18
_TIMEOUT_S = 30.0
_TRIES = 4
_PARTIAL = 206


def download(url: str, path: Path, size_bytes: int, progress: Progress, timeout_s: float = _TIMEOUT_S) -> None:
    """Fetches `url` into `path`, after what is there already from an earlier try.

    progress: told the share that is there, 0..1, after each block; what it raises stops the work. timeout_s: after so
    long a silence the server is asked anew.

    Raises:
        ModelError: the file is not there, has another length than `size_bytes`, can't be written, or the connection
            broke several times; what came stays for the next try.
    """
    for left in reversed(range(_TRIES)):
        have = path.stat().st_size if path.exists() else 0
        if have == size_bytes:
            return
        try:
            _go_on(url, path, have if have < size_bytes else 0, size_bytes, progress, timeout_s)
        except HTTPError as error:
            _LOG.warning("%s: %s", url, error)
            raise ModelError(
                _("{url} is not to be had ({code}); install the model's file by hand.").format(url=url, code=error.code)
            ) from error
        except _WriteError as error:
            raise ModelError(_("{path} can't be written: {reason}.").format(path=path, reason=error)) from error
        except (OSError, http.client.HTTPException) as error:
            _LOG.warning("%s broke off: %s", url, error)
            if left == 0 and not path.exists():
                raise ModelError(
                    _("{host} can't be reached; check the network, or install the model's file by hand.").format(
                        host=urlsplit(url).hostname
                    )
                ) from error
            if left == 0:
                raise ModelError(
                    _("The connection broke off; check the network and try again: it goes on where it stopped.")
                ) from error


class HttpsOnly(HTTPRedirectHandler):
    """Follows a redirect from https to https alone."""

    def redirect_request(self, req: Request, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Request | None:
        if req.type == "https" and not newurl.lower().startswith("https://"):
            raise HTTPError(newurl, code, "a redirect away from https", headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


_OPENER = build_opener(HttpsOnly)


class _WriteError(Exception):
    """It is the disk's error and not the network's."""


def _go_on(url: str, path: Path, have: int, size_bytes: int, progress: Progress, timeout_s: float) -> None:
    asked = Request(url, headers={"Range": f"bytes={have}-"} if have else {})  # noqa: S310 - manifests allow https only
    with _OPENER.open(asked, timeout=timeout_s) as answer:
        if answer.status != _PARTIAL:
            have = 0
        try:
            file = path.open("ab" if have else "wb")
        except OSError as error:
            raise _WriteError(error.strerror or str(error)) from error
        with file:
            progress(have / size_bytes)
            while block := answer.read(_BLOCK_BYTES):
                have += len(block)
                if have > size_bytes:
                    raise ModelError(_("{url} is larger than it should be; nothing was installed.").format(url=url))
                try:
                    file.write(block)
                    file.flush()
                except OSError as error:
                    raise _WriteError(error.strerror or str(error)) from error
                progress(have / size_bytes)
    if have < size_bytes:
        raise http.client.IncompleteRead(b"", size_bytes - have)
