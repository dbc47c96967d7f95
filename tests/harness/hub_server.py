"""A local server that stands in for the API of the Hugging Face hub: one user, datasets, LFS.

It knows what `huggingface_hub` asks for when it creates a repository, commits files and reads
them, as observed; it is not the hub.
"""

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

TOKEN = "hf_right"
_SAMPLE = 512


class Hub(ThreadingHTTPServer):
    """The server.

    Attributes:
        repos: files of each repository, by path.
        objects: content of large files, by SHA-256.
        uploads: number of large files that were sent.
        cut_after: uploads of large files until it refuses; None: it does not.
        requests: every request, as method and path.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.repos: dict[str, dict[str, bytes]] = {}
        self.objects: dict[str, bytes] = {}
        self.uploads = 0
        self.cut_after: int | None = None
        self.requests: list[str] = []

    @property
    def address(self) -> str:
        """The address for `HF_ENDPOINT`."""
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def hub() -> Iterator[Hub]:
    """Run a hub in the background."""
    server = Hub()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: Hub
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        path, body = self._path(), self._body()
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self._answer(401, {"error": "Invalid credentials"})
        elif path == "/api/repos/create":
            asked = json.loads(body)
            repo = f"{asked.get('organization') or 'ann'}/{asked['name']}"
            is_new = repo not in self.server.repos
            self.server.repos.setdefault(repo, {})
            self._answer(200 if is_new else 409, {"url": f"{self.server.address}/datasets/{repo}"})
        elif path.endswith(("/validate-yaml", "/api/validate-yaml")):
            self._answer(200, {"errors": [], "warnings": []})
        elif "/preupload/" in path:
            files = json.loads(body)["files"]
            self._answer(200, {"files": [self._mode(file) for file in files]})
        elif path.endswith("/info/lfs/objects/batch"):
            self._answer(200, self._batch(json.loads(body)))
        elif "/commit/" in path:
            self._commit(path, body)
        elif "/paths-info/" in path:
            asked = json.loads(body) if body.startswith(b"{") else {}
            self._answer(200, self._infos(self._repo(path), asked.get("paths", [])))
        else:
            self._answer(404, {"error": path})

    def do_PUT(self) -> None:
        body, server = self._body(), self.server
        if server.cut_after is not None and server.uploads >= server.cut_after:
            self._answer(413, {"error": "full"})
            return
        server.uploads += 1
        server.objects[hashlib.sha256(body).hexdigest()] = body
        self._answer(200, {})

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = self._path()
        if path.startswith("/datasets/") and "/resolve/" in path:
            repo, _, rest = path.removeprefix("/datasets/").partition("/resolve/")
            data = self.server.repos.get(repo, {}).get(rest.partition("/")[2])
            self._send_file(data)
            return
        if path == "/api/datasets":
            self._answer(200, [self._about(repo) for repo in self.server.repos])
            return
        if path.startswith("/api/datasets/"):
            repo = self._repo(path)
            if repo not in self.server.repos:
                self._answer(404, {"error": "Repository not found"}, "RepoNotFound")
            elif "/tree/" in path:
                below = path.partition("/tree/")[2].partition("/")[2]
                self._answer(200, self._tree(repo, below))
            else:
                self._answer(200, self._about(repo))
            return
        self._answer(404, {"error": path})

    # ------------------------------------------------------------ answers

    def _mode(self, file: dict[str, Any]) -> dict[str, Any]:
        large = file["path"].endswith((".h5", ".hdf5", ".safetensors"))
        return {
            "path": file["path"],
            "uploadMode": "lfs" if large else "regular",
            "shouldIgnore": False,
            "oid": None,
        }

    def _batch(self, asked: dict[str, Any]) -> dict[str, Any]:
        objects = []
        for one in asked["objects"]:
            found: dict[str, Any] = {"oid": one["oid"], "size": one["size"], "authenticated": True}
            if one["oid"] not in self.server.objects:
                href = f"{self.server.address}/lfs/{one['oid']}"
                found["actions"] = {"upload": {"href": href, "header": {}}}
            objects.append(found)
        return {"transfer": "basic", "objects": objects}

    def _commit(self, path: str, body: bytes) -> None:
        files = self.server.repos[self._repo(path)]
        for line in body.splitlines():
            each = json.loads(line)
            value = each["value"]
            if each["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif each["key"] == "lfsFile":
                files[value["path"]] = self.server.objects[value["oid"]]
        oid = hashlib.sha1(body).hexdigest()
        self._answer(200, {"success": True, "commitOid": oid, "commitUrl": f"{path}/{oid}"})

    def _about(self, repo: str) -> dict[str, Any]:
        files = [{"rfilename": name} for name in sorted(self.server.repos[repo])]
        return {"id": repo, "sha": "0" * 40, "private": False, "siblings": files, "tags": []}

    def _tree(self, repo: str, below: str) -> list[dict[str, Any]]:
        start = f"{below}/" if below else ""
        names = [name for name in sorted(self.server.repos[repo]) if name.startswith(start)]
        return self._infos(repo, names)

    def _infos(self, repo: str, names: list[str]) -> list[dict[str, Any]]:
        files, found = self.server.repos.get(repo, {}), []
        for name in names:
            if name in files:
                size, oid = len(files[name]), hashlib.sha1(files[name]).hexdigest()
                found.append({"type": "file", "path": name, "size": size, "oid": oid})
            elif any(other.startswith(f"{name}/") for other in files):
                found.append({"type": "directory", "path": name, "oid": "0" * 40, "size": 0})
        return found

    def _send_file(self, data: bytes | None) -> None:
        if data is None:
            self._answer(404, {"error": "Entry not found"}, "EntryNotFound")
            return
        first, last, code = 0, len(data) - 1, 200
        if (asked := self.headers.get("Range", "")).startswith("bytes="):
            begin, _, end = asked.removeprefix("bytes=").partition("-")
            first, last, code = int(begin), min(last, int(end) if end else last), 206
        part = data[first : last + 1]
        self.send_response(code)
        self.send_header("Content-Length", str(len(part)))
        self.send_header("ETag", f'"{hashlib.sha256(data).hexdigest()}"')
        self.send_header("X-Repo-Commit", "0" * 40)
        self.send_header("Accept-Ranges", "bytes")
        if code == 206:
            self.send_header("Content-Range", f"bytes {first}-{last}/{len(data)}")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(part)

    def _answer(self, code: int, data: Any, error: str = "") -> None:
        body = json.dumps(data).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if error:
            self.send_header("X-Error-Code", error)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    # ------------------------------------------------------------ requests

    def _path(self) -> str:
        path = unquote(urlsplit(self.path).path)
        self.server.requests.append(f"{self.command} {path}")
        return path

    def _repo(self, path: str) -> str:
        parts = path.removeprefix("/api/datasets/").removeprefix("/datasets/").split("/")
        return "/".join(parts[:2]).removesuffix(".git")

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            data = b""
            while size := int(self.rfile.readline(), 16):
                data += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return data
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def log_message(self, *_: Any) -> None:
        """Say nothing."""
