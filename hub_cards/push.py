"""Upload of a checked artefact to the Hub: one commit; repeating it changes nothing."""

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
    "no token: set HF_TOKEN, or run `hf auth login` once; create a token with write access at "
    "https://huggingface.co/settings/tokens"
)
# Files of an earlier push that readers would mix with the new ones: shards of other weights, splits of another build.
REPLACED = ("*.safetensors", "*.safetensors.index.json", "*.parquet", "*.whl")


class PushError(LlamocoError, ValueError):
    """Impossible or failed upload. The message says what happened and what to do."""


@dataclass(frozen=True)
class PushResult:
    """Result of an upload.

    Attributes:
        url: address of the repository.
        commit: head of the branch after the upload.
        changed: whether this push made a commit.
        removed: files of an earlier push that were deleted.
    """

    url: str
    commit: str
    changed: bool
    removed: tuple[str, ...]


def open_hub(token: str | None = None) -> HfApi:
    """Open the Hub with a token.

    Args:
        token: None: HF_TOKEN, or that of a login.

    Raises:
        PushError: there is no token.
    """
    token = token or get_token()
    if token is None:
        raise PushError(NO_TOKEN)
    return HfApi(token=token)


def full_repo_name(api: HfApi, repo: str) -> str:
    """Complete the name of a repository to NAMESPACE/NAME; the default namespace is the owner of the token.

    Raises:
        PushError: the Hub cannot be reached or refuses the token.
    """
    if "/" in repo:
        return repo
    try:
        return f"{api.whoami()['name']}/{repo}"
    except _EXPECTED as error:
        raise PushError(explain(error, api, repo)) from error


def push(
    api: HfApi, artefact: Artefact, *, private: bool = False, branch: str = "main", message: str | None = None
) -> PushResult:
    """Upload an artefact in one commit; repository and branch are created if they do not exist.

    Files that the repository already has are not sent again. The commit comes last and is complete or not made, so an
    interrupted push is simply repeated. Weights, parquet files and wheels of an earlier push that do not belong to this one are
    deleted in the same commit; other files of the repository stay.

    Args:
        api: as ``open_hub`` returns it.
        artefact: without faults; its ``repo`` has a namespace.
        private: whether a new repository is private.
        branch: branch to commit to.
        message: commit message; one that names the kind if None.

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
        raise PushError(explain(error, api, repo)) from error
    return PushResult(str(url), commit.oid, commit.oid != info.sha, tuple(stale))


def _check_visibility(artefact: Artefact, private: bool, is_private: bool | None) -> None:
    """Refuse to change the visibility of an existing repository, and private metrics."""
    if private and not is_private:
        raise PushError(
            f"{artefact.repo} is public already, and --private does not change that, so nothing was uploaded: make it private in "
            "its settings on the Hub, or choose another --repo"
        )
    if artefact.kind == "metric" and is_private:
        raise PushError(f"{artefact.repo}: {PRIVATE_SPACE}")


def _stale(there: Sequence[str], artefact: Artefact) -> list[str]:
    return [
        path
        for path in there
        if path not in artefact.files and any(fnmatch(path, pattern) for pattern in REPLACED)
    ]


# RuntimeError and ValueError: huggingface_hub wraps failures of sending files, and refuses names and cards.
_EXPECTED = (HfHubHTTPError, HTTPError, OSError, RuntimeError, ValueError)


def explain(error: BaseException, api: HfApi, repo: str) -> str:
    """Explain an error of the Hub: what happened and what to do."""
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
            return f"the token may not write to {repo} (403): give it the role `write` there, or choose another --repo.{said}"
        if isinstance(http, RevisionNotFoundError):
            return f"{repo} has no such branch (404).{said}"
        if unknown:
            return (
                f"{api.endpoint} has no repository {repo} that this token can see ({status}): check the name and the "
                "token's rights"
            )
        if status in (409, 412):
            return f"{repo} changed during the push ({status}): push again.{said}"
        if status == 429:
            return (
                f"the Hub accepts no more requests from this account for now (429): push again later.{said}"
            )
        if status >= 500:
            return (
                f"the Hub failed ({status}). Nothing is half written: push again; what was sent already is not sent "
                f"again.{said}"
            )
        return f"the Hub refuses ({status}).{said or ' ' + str(http).strip()}"
    if any(isinstance(link, OfflineModeIsEnabled) for link in chain):
        return "HF_HUB_OFFLINE is set: unset it to push"
    network = next((link for link in chain if isinstance(link, HTTPError)), None)
    if network is not None:
        return (
            f"{api.endpoint} cannot be reached ({type(network).__name__}: {network}): check the network and HF_ENDPOINT, "
            "then push again"
        )
    return f"the push to {repo} failed: {error}"
