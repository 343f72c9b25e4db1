"""Uploads a checked artefact to the Hub: one commit, and the same push again changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, get_token
from huggingface_hub.errors import (
    HfHubHTTPError,
    HTTPError,
    OfflineModeIsEnabled,
    RevisionNotFoundError,
)

from llamoco.dataset_builder.problems.errors import LlamocoError
from llamoco.hub_cards.artefacts import PRIVATE_SPACE, Artefact

NO_TOKEN = (
    "no token: set HF_TOKEN, or run `hf auth login` once; a token with write access is made at "
    "https://huggingface.co/settings/tokens"
)
# Of an earlier push, and read in place of what is there now: shards of other weights, splits of another build.
REPLACED = ("*.safetensors", "*.safetensors.index.json", "*.parquet", "*.whl")


class PushError(LlamocoError, ValueError):
    """An upload that cannot be or that failed; the message says what happened and what to do."""


@dataclass(frozen=True)
class Pushed:
    """What came of an upload.

    Attributes:
        url: of the repository.
        commit: its head now.
        changed: whether this push made a commit.
        removed: files of an earlier push that were taken away.
    """

    url: str
    commit: str
    changed: bool
    removed: tuple[str, ...]


def hub(token: str | None = None) -> HfApi:
    """The Hub as the owner of a token sees it.

    Args:
        token: HF_TOKEN or that of a login if None.

    Raises:
        PushError: there is no token.
    """
    token = token or get_token()
    if token is None:
        raise PushError(NO_TOKEN)
    return HfApi(token=token)


def full_name(api: HfApi, repo: str) -> str:
    """NAMESPACE/NAME of a repository; the token's owner is the namespace where none is given.

    Raises:
        PushError: the Hub cannot be reached or refuses the token.
    """
    if "/" in repo:
        return repo
    try:
        return f"{api.whoami()['name']}/{repo}"
    except _EXPECTED as error:
        raise PushError(explained(error, api, repo)) from error


def push(
    api: HfApi, artefact: Artefact, *, private: bool = False, branch: str = "main", message: str | None = None
) -> Pushed:
    """Upload an artefact in one commit; the repository and the branch are made if need be.

    Files that the repository has already are not sent again, and a push that was interrupted is repeated as it is: a
    commit comes last and is whole or not at all. Weights, parquet and wheels of an earlier push that do not belong to this one are
    removed in the same commit; other files of the repository stay.

    Args:
        api: from ``hub``.
        artefact: whose ``repo`` has a namespace, and no faults.
        private: whether a repository that is made is seen by its owner alone.
        branch: to commit to.
        message: of the commit.

    Raises:
        PushError: the artefact has faults; the token, the repository or the network refuse.
    """
    if artefact.faults:
        raise PushError("nothing was uploaded:\n" + "\n".join(f"- {fault}" for fault in artefact.faults))
    repo, repo_type = artefact.repo, artefact.repo_type
    try:
        url = api.create_repo(
            repo,
            repo_type=repo_type,
            private=private or None,
            exist_ok=True,
            space_sdk=artefact.card["sdk"] if repo_type == "space" else None,
        )
        if branch != "main":
            api.create_branch(repo, repo_type=repo_type, branch=branch, exist_ok=True)
        info = api.repo_info(repo, repo_type=repo_type, revision=branch)
        _check_visibility(artefact, private, info.private)
        there = api.list_repo_files(repo, repo_type=repo_type, revision=branch)
        stale = _stale(there, artefact)
        commit = api.create_commit(
            repo,
            [
                *(CommitOperationAdd(path, content) for path, content in artefact.files.items()),
                *(CommitOperationDelete(path) for path in stale),
            ],
            repo_type=repo_type,
            revision=branch,
            commit_message=message or f"{artefact.kind.capitalize()} by llamoco push",
        )
    except PushError:
        raise
    except _EXPECTED as error:
        raise PushError(explained(error, api, repo)) from error
    return Pushed(str(url), commit.oid, commit.oid != info.sha, tuple(stale))


def _check_visibility(artefact: Artefact, private: bool, is_private: bool | None) -> None:
    """Of a repository that was there before: what it is stays."""
    if private and not is_private:
        raise PushError(
            f"{artefact.repo} is public already and --private does not change that, so nothing was uploaded: make it private in "
            "its settings on the Hub, or give another --repo"
        )
    if artefact.kind == "metric" and is_private:
        raise PushError(f"{artefact.repo}: {PRIVATE_SPACE}")


def _stale(there: Sequence[str], artefact: Artefact) -> list[str]:
    return [
        path
        for path in there
        if path not in artefact.files and any(fnmatch(path, pattern) for pattern in REPLACED)
    ]


# RuntimeError and ValueError: huggingface_hub wraps what fails while a file is sent, and refuses names and cards.
_EXPECTED = (HfHubHTTPError, HTTPError, OSError, RuntimeError, ValueError)


def explained(error: BaseException, api: HfApi, repo: str) -> str:
    """What went wrong at the Hub, and what to do, in words for the person who pushes."""
    chain = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) is not None and cause not in chain:
        chain.append(cause)
    http = next((link for link in chain if isinstance(link, HfHubHTTPError)), None)
    if http is not None and http.response is not None:
        status = http.response.status_code
        said = f" It said: {http.server_message}" if http.server_message else ""
        unknown = http.response.headers.get("X-Error-Code") == "RepoNotFound"
        if status == 401 and not unknown:
            return (
                f"the Hub refuses the token (401): it is wrong or has expired. {NO_TOKEN.partition(': ')[2]}"
            )
        if status == 403:
            return f"the token may not write to {repo} (403): it needs the role `write` there, or another --repo.{said}"
        if isinstance(http, RevisionNotFoundError):
            return f"{repo} has no such branch (404).{said}"
        if unknown:
            return (
                f"{api.endpoint} has no repository {repo} that this token can see ({status}): check the name and the "
                "token's rights"
            )
        if status in (409, 412):
            return f"{repo} changed while it was written to ({status}): repeat the push.{said}"
        if status == 429:
            return f"the Hub takes no more requests from this account just now (429): repeat the push later.{said}"
        if status >= 500:
            return (
                f"the Hub failed ({status}). Nothing is half written: repeat the push, what was sent already is not sent "
                f"again.{said}"
            )
        return f"the Hub refuses ({status}).{said or ' ' + str(http).strip()}"
    if any(isinstance(link, OfflineModeIsEnabled) for link in chain):
        return "HF_HUB_OFFLINE is set: unset it to push"
    network = next((link for link in chain if isinstance(link, HTTPError)), None)
    if network is not None:
        return (
            f"{api.endpoint} cannot be reached ({type(network).__name__}: {network}): check the network and HF_ENDPOINT, "
            "then repeat the push"
        )
    return f"the push to {repo} failed: {error}"
