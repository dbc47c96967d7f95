"""A folder at an address: the Hugging Face hub, or any file system that fsspec knows."""

import contextlib
import logging
import os
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Protocol
from urllib.parse import urlsplit

from teleop.errors import RemoteError, reason, sentence

_HUB = "hf://"
_PART = ".part"  # ending of a file that is not complete


class RemoteFolder(Protocol):
    """A folder of files.

    Attributes:
        address: its address.
    """

    address: str

    def sizes(self) -> dict[str, int]:
        """Return the size of every file below it, by its path; empty if there is none."""
        ...

    def read(self, name: str, most: int) -> bytes:
        """Return the content of a small file.

        Raises:
            FileNotFoundError: there is none.
            RemoteError: it has more than `most` bytes, or cannot be read.
        """
        ...

    def get(self, name: str, target: Path) -> None:
        """Copy a file to this computer."""
        ...

    def put(self, sources: dict[str, Path]) -> Iterator[str]:
        """Write files, by their paths; yield the path of each that is complete."""
        ...

    def remove(self, names: Sequence[str]) -> None:
        """Delete files."""
        ...


def remote_folder(address: str) -> RemoteFolder:
    """Open an address.

    Args:
        address: `hf://USER/NAME`, `file:///FOLDER`, `s3://BUCKET/FOLDER`, `sftp://HOST/FOLDER`, or
            any other that fsspec knows.

    Raises:
        RemoteError: it is not understood, or the package for it is missing.
    """
    shown = without_login(address)
    kind, separator, rest = address.partition("://")
    if not separator or not rest.strip("/"):
        raise RemoteError(
            f"{shown} is not an address: write hf://USER/NAME, file:///FOLDER, "
            "s3://BUCKET/FOLDER or sftp://HOST/FOLDER."
        )
    try:
        import fsspec
        import huggingface_hub  # noqa: F401  both are in one extra
    except ImportError as problem:
        raise RemoteError("Publishing needs: pip install 'teleop-studio[hub]'") from problem
    with _problems_of(shown):
        if kind == "hf":
            return _Hub(address)
        if kind not in fsspec.available_protocols():
            raise RemoteError(f"{shown} is not understood: there is no protocol {kind}.")
        opened, path = fsspec.core.url_to_fs(address)  # some log in at once
    return _Files(shown, opened, path)


def without_login(address: str) -> str:
    """Return an address without the name and password in it."""
    parts = urlsplit(address)
    return (
        address
        if "@" not in parts.netloc
        else address.replace(f"{parts.netloc.rpartition('@')[0]}@", "", 1)
    )


class _Files:
    """A folder of a file system."""

    def __init__(self, address: str, opened: Any, path: str) -> None:
        self.address, self._opened, self._path = address, opened, path.rstrip("/")

    def sizes(self) -> dict[str, int]:
        with _problems_of(self.address):
            try:
                self._opened.invalidate_cache()
                found = self._opened.find(self._path, detail=True)
            except FileNotFoundError:
                return {}
        return {self._name(path): int(about["size"] or 0) for path, about in found.items()}

    def read(self, name: str, most: int) -> bytes:
        with _problems_of(self.address), self._opened.open(self._at(name), "rb") as file:
            data: bytes = file.read(most + 1)
        if len(data) > most:
            raise RemoteError(f"{name} at {self.address} has more than {most >> 20} MB.")
        return data

    def get(self, name: str, target: Path) -> None:
        with _problems_of(self.address):
            self._opened.get_file(self._at(name), str(target))

    def put(self, sources: dict[str, Path]) -> Iterator[str]:
        for name, source in sources.items():
            with _problems_of(self.address):
                place = self._at(name)
                self._opened.makedirs(str(PurePosixPath(place).parent), exist_ok=True)
                self._opened.put_file(str(source), place + _PART)
                with contextlib.suppress(FileNotFoundError):
                    self._opened.rm_file(place)
                self._opened.mv(place + _PART, place)
            yield name

    def remove(self, names: Sequence[str]) -> None:
        with _problems_of(self.address):
            for name in names:
                self._opened.rm_file(self._at(name))

    def _at(self, name: str) -> str:
        return f"{self._path}/{name}"

    def _name(self, path: str) -> str:
        return path.removeprefix(self._path).lstrip("/")


class _Hub(_Files):
    """A dataset repository of the hub. It is read as a file system, and written in one commit."""

    def __init__(self, address: str) -> None:
        from huggingface_hub import HfFileSystem
        from huggingface_hub.utils.tqdm import disable_progress_bars

        disable_progress_bars()
        # what fails in the end is said once, by us
        logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
        parts = address.removeprefix(_HUB).strip("/").split("/")
        parts = parts[parts[0] == "datasets" :]
        if len(parts) < 2 or parts[0] in ("models", "spaces"):
            raise RemoteError(f"{address} names no dataset repository: write hf://USER/NAME.")
        self._repo, self._below = "/".join(parts[:2]), "/".join(parts[2:])
        path = "/".join(["datasets", *parts])
        super().__init__(address, HfFileSystem(), path)

    def put(self, sources: dict[str, Path]) -> Iterator[str]:
        from huggingface_hub import CommitOperationAdd, HfApi

        api = HfApi()
        with _problems_of(self.address):
            api.create_repo(self._repo, repo_type="dataset", exist_ok=True)
            below = f"{self._below}/" if self._below else ""
            added = [CommitOperationAdd(below + name, str(path)) for name, path in sources.items()]
            # files that were uploaded before a break are not uploaded again
            api.create_commit(
                self._repo, added, commit_message="Publish with Teleop", repo_type="dataset"
            )
        yield from sources

    def remove(self, names: Sequence[str]) -> None:
        from huggingface_hub import CommitOperationDelete, HfApi

        below = f"{self._below}/" if self._below else ""
        gone = [CommitOperationDelete(below + name) for name in names]
        with _problems_of(self.address):
            HfApi().create_commit(
                self._repo, gone, commit_message="Withdraw with Teleop", repo_type="dataset"
            )


@contextlib.contextmanager
def _problems_of(address: str) -> Iterator[None]:
    """Explain in one sentence what went wrong at an address; no token is ever named."""
    try:
        yield
    except (FileNotFoundError, RemoteError):
        raise
    except PermissionError as problem:
        raise RemoteError(f"{address} refuses this ({reason(problem)}).") from problem
    except ImportError as problem:
        raise RemoteError(f"{address} needs another package ({problem}).") from problem
    except Exception as problem:  # each file system's package raises its own
        raise RemoteError(_said(address, problem, _status(problem))) from problem


def _status(problem: BaseException | None) -> int | None:
    """Return the HTTP status that an error is about; None if it is about none."""
    while problem is not None:
        status = getattr(getattr(problem, "response", None), "status_code", None)
        if isinstance(status, int):
            return status
        problem = problem.__cause__
    return None


def _said(address: str, problem: Exception, status: int | None) -> str:
    if status in (401, 403):
        if address.startswith(_HUB):
            return (
                f"{address} refuses the token. Log in with `hf auth login`, or set HF_TOKEN to a "
                "token that may write there."
            )
        return f"{address} refuses the login (HTTP {status})."
    if status == 404:
        return f"{address} does not exist, or you may not read it."
    if status is not None:
        return f"{address} answered with an error (HTTP {status}). Try again later."
    why = reason(problem) if isinstance(problem, OSError) else sentence(problem).rstrip(".")
    return f"{address} cannot be reached or written ({_clean(why)})."


def _clean(text: str) -> str:
    """Return a text without tokens."""
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "AWS_SECRET_ACCESS_KEY"):
        if secret := os.environ.get(name):
            text = text.replace(secret, "…")
    return text[:300]
