"""What a stub Hub holds: repositories, branches, commits, and how the Hub describes their files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

LARGE = 1 << 20  # from here on, and for these endings, by LFS
LARGE_ENDINGS = (".safetensors", ".parquet", ".whl", ".png")


@dataclass
class Repo:
    """Branches of commits, oldest first; a commit is (oid, files by path, message)."""

    private: bool
    branches: dict[str, list[tuple[str, dict[str, bytes], str]]] = field(default_factory=dict)

    def commit(self, branch: str, files: dict[str, bytes], message: str) -> str:
        commits = self.branches.setdefault(branch, [])
        oid = hashlib.sha1(repr((branch, len(commits), sorted(files))).encode()).hexdigest()
        commits.append((oid, files, message))
        return oid

    def at(self, revision: str) -> tuple[str, dict[str, bytes], str] | None:
        if revision in self.branches:
            return self.branches[revision][-1]
        return next((c for commits in self.branches.values() for c in commits if c[0] == revision), None)


@dataclass
class StubHub:
    """What the server holds, and what it is told to do wrong.

    ``failures``: (method, part of the path, status, how often): such a request gets the status so often.
    ``requests``: (method, path) of all that came.
    """

    repos: dict[tuple[str, str], Repo] = field(default_factory=dict)  # by type and name
    objects: dict[str, bytes] = field(default_factory=dict)  # of LFS, by SHA-256
    failures: list[list[Any]] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)
    url: str = ""

    def sent(self, method: str, part: str) -> int:
        return sum(method == m and part in path for m, path in self.requests)

    def files(self, repo_type: str, name: str, branch: str = "main") -> dict[str, bytes]:
        return self.repos[repo_type, name].branches[branch][-1][1]


def by_lfs(path: str, size: int) -> bool:
    return size >= LARGE or path.endswith(LARGE_ENDINGS)


def git_oid(path: str, content: bytes) -> str:
    if by_lfs(path, len(content)):
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def tree_entry(path: str, content: bytes) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "type": "file",
        "path": path,
        "size": len(content),
        "oid": git_oid(path, content)[:40],
    }
    if by_lfs(path, len(content)):
        entry["lfs"] = {"oid": git_oid(path, content), "size": len(content), "pointerSize": 130}
    return entry
