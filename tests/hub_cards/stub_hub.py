"""A Hub on loopback: the endpoints that huggingface_hub, transformers, datasets and evaluate really ask, over real HTTP.

Files lie in memory, commits are lists of them. Small texts come in the commit, other files by LFS before it, as on the Hub.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

import yaml
from hub_state import Repo, StubHub, by_lfs, git_oid, tree_entry

USER, TOKEN, READER = "ada", "hf_writes", "hf_reads"


@contextmanager
def stub_hub() -> Iterator[StubHub]:
    hub = StubHub()

    class Handler(_Handler):
        state = hub

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    state: StubHub
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: Any) -> None:
        pass

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.body = self.rfile.read(length)
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            while size := int(self.rfile.readline(), 16):
                self.body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        path = unquote(urlsplit(self.path).path)
        self.state.requests.append((self.command, path))
        for failure in self.state.failures:
            method, part, status, left = failure
            if method == self.command and part in path and left:
                failure[3] -= 1
                if status == 0:  # the line is cut
                    self.close_connection = True
                    return
                self._send(status, {"error": "told to fail"})
                return
        for method, pattern, answer in _ROUTES:
            if method == self.command.replace("HEAD", "GET") and (match := re.fullmatch(pattern, path)):
                answer(self, **match.groupdict())
                return
        self._send(404, {"error": f"stub: no route {self.command} {path}"})

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _answer

    def _send(
        self,
        status: int,
        content: dict[str, Any] | list[Any] | bytes = b"",
        headers: dict[str, str] | None = None,
    ) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        sent = {"Content-Length": str(len(body)), "Content-Type": "application/json", **(headers or {})}
        for name, value in sent.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    # Who asks, and for what

    def _token(self) -> str:
        return self.headers.get("Authorization", "").removeprefix("Bearer ")

    def _may_write(self) -> bool:
        if self._token() not in (TOKEN, READER):
            self._send(401, {"error": "Invalid username or password."})
        elif self._token() == READER:
            self._send(403, {"error": "this token cannot write"})
        else:
            return True
        return False

    def _repo(self, kind: str, name: str) -> Repo | None:
        repo = self.state.repos.get((kind.rstrip("s"), name))
        if repo is None or (repo.private and self._token() not in (TOKEN, READER)):
            self._send(404, {"error": "Repository not found"}, {"X-Error-Code": "RepoNotFound"})
            return None
        return repo

    def _commit_at(self, kind: str, name: str, revision: str) -> tuple[str, dict[str, bytes], str] | None:
        repo = self._repo(kind, name)
        if repo is None:
            return None
        commit = repo.at(revision)
        if commit is None:
            self._send(404, {"error": "Invalid rev id"}, {"X-Error-Code": "RevisionNotFound"})
        return commit

    # The account and the repositories

    def whoami(self) -> None:
        if self._token() not in (TOKEN, READER):
            self._send(401, {"error": "Invalid username or password."})
        else:
            self._send(200, {"name": USER, "type": "user", "orgs": [], "auth": {"accessToken": {}}})

    def create(self) -> None:
        if not self._may_write():
            return
        asked = json.loads(self.body)
        kind, owner = asked.get("type", "model"), asked.get("organization") or USER
        if owner != USER:
            self._send(403, {"error": f"no rights in {owner}"})
            return
        name = f"{owner}/{asked['name']}"
        prefix = "" if kind == "model" else f"{kind}s/"
        answer = {"url": f"{self.state.url}/{prefix}{name}", "name": name}
        if (kind, name) in self.state.repos:
            self._send(409, {"error": "You already created this repo", **answer})
            return
        assert kind != "space" or asked["sdk"] == "gradio"
        repo = Repo(asked.get("private", False) or asked.get("visibility") == "private")
        repo.commit("main", {".gitattributes": b""}, "initial commit")
        self.state.repos[kind, name] = repo
        self._send(200, answer)

    def branch(self, kind: str, name: str, revision: str) -> None:
        repo = self._repo(kind, name)
        if repo is None or not self._may_write():
            return
        if revision in repo.branches:
            self._send(409, {"error": "branch exists"})
            return
        repo.branches[revision] = list(repo.branches["main"])
        self._send(200, {})

    def validate(self) -> None:
        asked = json.loads(self.body)
        front = re.match(r"---\n(.*?)\n---\n", asked["content"], re.DOTALL)
        good = front is not None and isinstance(yaml.safe_load(front[1]), dict)
        errors = [] if good else [{"message": "no metadata"}]
        self._send(200 if good else 400, {"errors": errors, "warnings": []})

    # Writing

    def preupload(self, kind: str, name: str, revision: str) -> None:
        commit = self._commit_at(kind, name, revision)
        if commit is None or not self._may_write():
            return
        answers = []
        for file in json.loads(self.body)["files"]:
            path, there = file["path"], commit[1].get(file["path"])
            mode = "lfs" if by_lfs(path, file["size"]) else "regular"
            answers.append({"path": path, "uploadMode": mode, "shouldIgnore": False})
            if there is not None:
                answers[-1]["oid"] = git_oid(path, there)
        self._send(200, {"files": answers})

    def lfs_batch(self, kind: str | None, name: str) -> None:
        if self._repo(kind or "models", name) is None or not self._may_write():
            return
        answers: list[dict[str, Any]] = []
        for item in json.loads(self.body)["objects"]:
            answers.append(dict(item))
            if item["oid"] not in self.state.objects:
                answers[-1]["actions"] = {
                    "upload": {"href": f"{self.state.url}/lfs/{item['oid']}"},
                    "verify": {"href": f"{self.state.url}/lfs-verify/{item['oid']}"},
                }
        self._send(200, {"transfer": "basic", "objects": answers})

    def lfs_put(self, oid: str) -> None:
        assert hashlib.sha256(self.body).hexdigest() == oid
        self.state.objects[oid] = self.body
        self._send(200, headers={"ETag": f'"{oid}"'})

    def lfs_verify(self, oid: str) -> None:
        there = self.state.objects.get(oid)
        self._send(200 if there is not None and len(there) == json.loads(self.body)["size"] else 404, {})

    def commit(self, kind: str, name: str, revision: str) -> None:
        base = self._commit_at(kind, name, revision)
        if base is None or not self._may_write():
            return
        files, message = dict(base[1]), ""
        for line in self.body.splitlines():
            item = json.loads(line)
            value = item["value"]
            if item["key"] == "header":
                message = value["summary"]
            elif item["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif item["key"] == "lfsFile":
                files[value["path"]] = self.state.objects[value["oid"]]
            elif item["key"] == "deletedFile":
                del files[value["path"]]
        oid = self.state.repos[kind.rstrip("s"), name].commit(revision, files, message)
        self._send(
            200, {"commitUrl": f"{self.state.url}/{name}/commit/{oid}", "commitOid": oid, "success": True}
        )

    # Reading

    def info(self, kind: str, name: str, revision: str | None = None) -> None:
        commit = self._commit_at(kind, name, revision or "main")
        if commit is None:
            return
        key = "modelId" if kind == "models" else "id"
        self._send(
            200,
            {
                key: name,
                "id": name,
                "sha": commit[0],
                "private": self.state.repos[kind.rstrip("s"), name].private,
                "tags": [],
                "downloads": 0,
                "siblings": [{"rfilename": path} for path in commit[1]],
            },
        )

    def tree(self, kind: str, name: str, revision: str, folder: str | None = None) -> None:
        commit = self._commit_at(kind, name, revision)
        if commit is None:
            return
        prefix = f"{folder}/" if folder else ""
        recursive = "recursive=true" in self.path.lower()
        answers, folders = [], set()
        for path, content in commit[1].items():
            rest = path.removeprefix(prefix)
            if not path.startswith(prefix):
                continue
            folders |= {prefix + rest[:i] for i, character in enumerate(rest) if character == "/"}
            if recursive or "/" not in rest:
                answers.append(tree_entry(path, content))
        shown = folders if recursive else {f for f in folders if "/" not in f.removeprefix(prefix)}
        if folder and not answers and not shown:
            self._send(404, {"error": "no such folder"}, {"X-Error-Code": "EntryNotFound"})
            return
        self._send(
            200, [*({"type": "directory", "path": f, "oid": "0" * 40, "size": 0} for f in shown), *answers]
        )

    def paths_info(self, kind: str, name: str, revision: str) -> None:
        commit = self._commit_at(kind, name, revision)
        if commit is None:
            return
        if self.headers.get("Content-Type", "").startswith("application/json"):
            paths = json.loads(self.body)["paths"]
        else:
            paths = [
                unquote(pair.split("=")[1]) for pair in self.body.decode().split("&") if pair[:6] == "paths="
            ]
        answers = [tree_entry(path, commit[1][path]) for path in paths if path in commit[1]]
        answers += [
            {"type": "directory", "path": path, "oid": "0" * 40, "size": 0}
            for path in paths
            if any(file.startswith(f"{path}/") for file in commit[1])
        ]
        self._send(200, answers)

    def resolve(self, kind: str | None, name: str, revision: str, path: str) -> None:
        commit = self._commit_at(kind or "models", name, revision)
        if commit is None:
            return
        content = commit[1].get(path)
        if content is None:
            self._send(404, {"error": "Entry not found"}, {"X-Error-Code": "EntryNotFound"})
            return
        headers = {
            "X-Repo-Commit": commit[0],
            "ETag": f'"{git_oid(path, content)}"',
            "Accept-Ranges": "bytes",
            "Content-Type": "application/octet-stream",
        }
        part = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if part:
            first, last = int(part[1]), int(part[2] or len(content) - 1)
            headers["Content-Range"] = f"bytes {first}-{min(last, len(content) - 1)}/{len(content)}"
            self._send(206, content[first : last + 1], headers)
            return
        self._send(200, content, headers)


_KIND, _NAME, _REVISION = (
    r"(?P<kind>models|datasets|spaces)",
    r"(?P<name>[^/]+/[^/]+)",
    r"(?P<revision>[^/]+)",
)

_ROUTES = (
    ("GET", "/api/whoami-v2", _Handler.whoami),
    ("POST", "/api/repos/create", _Handler.create),
    ("POST", "/api/validate-yaml", _Handler.validate),
    ("POST", f"/api/{_KIND}/{_NAME}/branch/{_REVISION}", _Handler.branch),
    ("POST", f"/api/{_KIND}/{_NAME}/preupload/{_REVISION}", _Handler.preupload),
    ("POST", f"/api/{_KIND}/{_NAME}/commit/{_REVISION}", _Handler.commit),
    ("POST", f"/api/{_KIND}/{_NAME}/paths-info/{_REVISION}", _Handler.paths_info),
    ("GET", f"/api/{_KIND}/{_NAME}", _Handler.info),
    ("GET", f"/api/{_KIND}/{_NAME}/revision/{_REVISION}", _Handler.info),
    ("GET", f"/api/{_KIND}/{_NAME}/tree/{_REVISION}(?:/(?P<folder>.+))?", _Handler.tree),
    (
        "POST",
        r"/(?:(?P<kind>datasets|spaces)/)?" + r"(?P<name>[^/]+/[^/]+)\.git/info/lfs/objects/batch",
        _Handler.lfs_batch,
    ),
    ("PUT", r"/lfs/(?P<oid>[0-9a-f]{64})", _Handler.lfs_put),
    ("POST", r"/lfs-verify/(?P<oid>[0-9a-f]{64})", _Handler.lfs_verify),
    ("GET", rf"/(?:(?P<kind>datasets|spaces)/)?{_NAME}/resolve/{_REVISION}/(?P<path>.+)", _Handler.resolve),
)
