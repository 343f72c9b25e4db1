"""Server provider: answers from an OpenAI-compatible server by concurrent requests, with retries and one clear message on failure."""

from __future__ import annotations

import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import openai

from llamoco.dataset_builder.prompts.conversation import (
    OPENED,
    Conversation,
    as_text,
    extract_code,
    first_turns,
    repair_turns,
)
from llamoco.dataset_builder.prompts.examples import Example, turns_with_examples
from llamoco.modeling.generation.model_answer import Generation
from llamoco.modeling.model_error import ModelError, RefusedRequest
from llamoco.modeling.providers.bounded_http import bounded_client
from llamoco.modeling.providers.examples import Examples
from llamoco.modeling.providers.provider import (
    APIS,
    Failure,
    OnAnswer,
    default_new_tokens,
    estimated_tokens,
    resolve_style,
    style_settings,
)
from llamoco.modeling.providers.replies import (
    Garbage,
    Sample,
    names_of,
    reply_of,
    shortened,
    text_of,
    tokens_each_way,
    tokens_of,
)
from llamoco.modeling.providers.server_url import base_url, shown_url

SEED = 0
NO_KEY = "none"  # for servers that ask for no key
REFUSALS = (400, 413, 422)  # of a request as it stands: too long, say
CONNECT_TIMEOUT = 10.0
LONGEST_PAUSE = 8.0
LONGEST_TIMEOUT = 86_400.0  # seconds

logger = logging.getLogger(__name__)


class ServerProvider:
    """A model behind ``/v1/chat/completions`` or ``/v1/completions``, at temperature 0 with a fixed seed.

    The openai client retries requests that meet 408, 409, 429, a 5xx status, a time-out or a broken connection, after the server's
    Retry-After or with exponential back-off; invalid replies are retried here in the same way. A prompt that the server refuses
    (400, 413, 422) is cut as ``contract.questions`` says, a repair turn as ``contract.repair_turns`` says. Tokens are the server's
    ``usage``, or a quarter of the characters where it states none. No reply takes more than the time limit or ``bounded_http``'s size,
    however it comes. The key is the environment's OPENAI_API_KEY.

    Args:
        url: of the server, with or without its path (``/v1`` is then added).
        model: name of the model there; the only one that it lists if None.
        api: "chat" or "completions".
        prompt_style: "plain", "contract" or "auto": the contract for chat, the plain prompt for completions (tuned models).
        max_new_tokens: length limit of an answer; 1800 (plain) or 2048 (contract) if None.
        timeout: seconds that a request may take, to the last byte of its reply.
        concurrency: requests at a time.
        retries: how often a request that failed is repeated.
        pause: seconds before the first repetition after a senseless reply; doubled each time, 8 at most.
        examples: chooses solved problems that are shown before each prompt, in the repair turn, too.

    Raises:
        ModelError: if the URL, API, style or time limit is none, or no model is named and the server does not list a single one.
    """

    can_repair = True

    def __init__(
        self,
        url: str,
        model: str | None,
        api: str = "chat",
        prompt_style: str = "auto",
        max_new_tokens: int | None = None,
        timeout: float = 600.0,
        concurrency: int = 8,
        retries: int = 4,
        pause: float = 0.5,
        examples: Examples | None = None,
    ) -> None:
        if api not in APIS:
            raise ModelError(f"API: expected one of {', '.join(APIS)}, got {api!r}")
        if not 0 < timeout <= LONGEST_TIMEOUT:
            raise ModelError(
                f"time limit of a request: expected seconds up to {LONGEST_TIMEOUT:g}, got {timeout}"
            )
        base, query = base_url(url)
        self._api = api
        self._style = resolve_style(prompt_style, "contract" if api == "chat" else "plain")
        self._max_new_tokens = max_new_tokens or default_new_tokens(self._style)
        self._shown_url, self._examples = shown_url(url), examples
        self._concurrency, self._retries, self._pause, self._timeout = concurrency, retries, pause, timeout
        self._sampling: dict[str, Any] = {
            "temperature": 0,
            "seed": SEED,
            "max_tokens": self._max_new_tokens,
        }
        self._key = os.environ.get("OPENAI_API_KEY", "").strip() or NO_KEY
        self._client = openai.OpenAI(
            base_url=base,
            default_query=query,
            api_key=self._key,
            timeout=openai.Timeout(timeout, connect=min(timeout, CONNECT_TIMEOUT)),
            max_retries=retries,
            default_headers={"Accept-Encoding": "identity"},
            http_client=bounded_client(base, concurrency),
        )
        self.name = model if model is not None else self._only_model()

    def settings(self) -> dict[str, Any]:
        """Server without credentials, model, API, prompt style, length limit and sampling."""
        return {
            "model": self.name,
            "server": self._shown_url,
            "api": self._api,
            **style_settings(self._style),
            "max_new_tokens": self._max_new_tokens,
            "temperature": 0,
            "sampling_seed": SEED,
            **({} if self._examples is None else {"examples": self._examples.settings()}),
        }

    def answer_all(self, prompts: Sequence[str], on_answer: OnAnswer) -> None:
        """See ``provider.AnswerProvider``."""
        shown = self._shown(prompts)

        def turns(number: int) -> list[Conversation]:
            return turns_with_examples(self._style, first_turns(self._style, prompts[number]), shown[number])

        self._ask_all(len(prompts), turns, on_answer)

    def repair_all(self, failures: Sequence[Failure], on_answer: OnAnswer) -> None:
        """See ``provider.AnswerProvider``."""
        shown = self._shown([failure.prompt for failure in failures])

        def turns(number: int) -> list[Conversation]:
            failure = failures[number]
            repairs = repair_turns(self._style, failure.prompt, failure.program, failure.error)
            return turns_with_examples(self._style, repairs, shown[number])

        self._ask_all(len(failures), turns, on_answer)

    def _shown(self, prompts: Sequence[str]) -> list[list[Example]]:
        return [[] for _ in prompts] if self._examples is None else self._examples.choose(prompts)

    def sample(self, conversation: Conversation, temperature: float, seed: int) -> Sample:
        """One reply as it is, drawn at a temperature and with a seed (of servers that take these parameters).

        Raises:
            RefusedRequest: the server refuses this request.
            ModelError: no reply can be obtained.
        """
        begun = time.monotonic()
        try:
            own = {"temperature": temperature, "seed": seed}
            reply, content, _ = self._reply(conversation, threading.Event(), own)
        except Exception as error:
            failed = self._failed(error, "the replies that came are kept")
            if isinstance(error, openai.APIStatusError) and error.status_code in REFUSALS:
                raise RefusedRequest(str(failed)) from error
            raise failed from error
        asked = sum(len(message["content"]) for message in conversation)
        tokens_in, tokens_out = tokens_each_way(reply) or (
            estimated_tokens(asked),
            estimated_tokens(len(content)),
        )
        return Sample(content, tokens_in, tokens_out, round(time.monotonic() - begun, 3))

    def _ask_all(
        self, count: int, alternatives: Callable[[int], list[Conversation]], on_answer: OnAnswer
    ) -> None:
        """Ask in several threads, hand answers over in this one. After a failure no new requests start; answers in flight are kept."""
        waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
        for position in range(count):
            waiting.put(position)
        came: queue.SimpleQueue[tuple[int, Generation] | Exception | None] = queue.SimpleQueue()
        stop = threading.Event()

        def work() -> None:
            while not stop.is_set():
                try:
                    position = waiting.get_nowait()
                except queue.Empty:
                    break
                try:
                    came.put((position, self._ask(alternatives(position), stop)))
                except Exception as error:
                    stop.set()
                    came.put(error)
            came.put(None)

        # Daemons, so that Ctrl-C does not wait for answers that are under way.
        workers = [threading.Thread(target=work, daemon=True) for _ in range(min(self._concurrency, count))]
        for worker in workers:
            worker.start()
        at_work, kept, failure = len(workers), 0, None
        try:
            while at_work:
                item = came.get()
                if item is None:
                    at_work -= 1
                elif isinstance(item, Exception):
                    failure = failure or item
                else:
                    on_answer(*item)
                    kept += 1
        finally:
            stop.set()
        if failure is not None:
            raise self._failed(failure, f"{kept} of {count} answers came and are kept") from failure

    def _ask(self, alternatives: list[Conversation], stop: threading.Event) -> Generation:
        """The answer to the first of the alternatives that the server does not refuse as it stands."""
        for conversation in alternatives[:-1]:
            try:
                return self._ask_one(conversation, stop)
            except openai.APIStatusError as error:
                if error.status_code not in REFUSALS:
                    raise
        return self._ask_one(alternatives[-1], stop)

    def _ask_one(self, conversation: Conversation, stop: threading.Event) -> Generation:
        text = as_text(self._style, conversation)
        reply, content, reason = self._reply(conversation, stop, {})
        completion = content
        if self._style == "contract":
            completion = extract_code(content if self._api == "chat" else OPENED + content)
        tokens = tokens_of(reply) or estimated_tokens(len(text) + len(content))
        counted = tokens_each_way(reply)
        written = estimated_tokens(len(content)) if counted is None else counted[1]
        return Generation(
            completion, None, tokens, finished=reason != "length", tokens_out=min(written, tokens)
        )

    def _reply(
        self, conversation: Conversation, stop: threading.Event, own: dict[str, Any]
    ) -> tuple[Any, str, str | None]:
        """The parsed reply to a conversation, its text and why it ended; ``own`` replaces sampling parameters that the server takes."""
        attempt = 0
        while True:
            sampling = self._sampling
            try:
                return self._request(
                    conversation, {name: own.get(name, value) for name, value in sampling.items()}
                )
            except openai.BadRequestError as error:
                if not self._adapted(sampling, error.param):
                    raise
            except Garbage:
                if attempt == self._retries or stop.wait(min(self._pause * 2**attempt, LONGEST_PAUSE)):
                    raise
                attempt += 1

    def _adapted(self, refused: dict[str, Any], parameter: Any) -> bool:
        """Drop a parameter that the server refused (reasoning models take no temperature); False if that is not the cause."""
        if self._sampling is refused:
            if not isinstance(parameter, str) or parameter not in refused:
                return False
            left = {name: value for name, value in refused.items() if name != parameter}
            if parameter == "max_tokens" and self._api == "chat":
                left["max_completion_tokens"] = self._max_new_tokens  # its newer name
            logger.warning("%s takes no %s: asked without it", self.name, parameter)
            self._sampling = left
        return True  # else another thread has met this refusal before

    def _request(self, conversation: Conversation, sampling: dict[str, Any]) -> tuple[Any, str, str | None]:
        # Raw: the client would make an object of whatever there is in a reply, and checks no types.
        if self._api == "chat":
            messages: Any = conversation
            raw = self._client.chat.completions.with_raw_response.create(
                model=self.name, messages=messages, **sampling
            )
        else:
            text = as_text(self._style, conversation)
            raw = self._client.completions.with_raw_response.create(model=self.name, prompt=text, **sampling)
        reply = reply_of(raw.content)
        return reply, *text_of(reply, chat=self._api == "chat")

    def _failed(self, error: Exception, kept: str) -> ModelError:
        attempts = f"{self._retries + 1} attempts"
        hint = "once it answers, "
        if isinstance(error, openai.APIStatusError):
            said = shortened(error.response.content.decode("utf-8", "replace"))
            what = f"HTTP status {error.status_code}: {said or '(no text)'}"
            if wait := error.response.headers.get("retry-after"):
                what += f" (Retry-After: {shortened(wait)})"
            if error.status_code in (401, 403):
                hint = "set OPENAI_API_KEY to a key that it takes; then "
            elif error.status_code in (404, *REFUSALS):
                listed = self._listed_models()
                hint = f"it lists the models {_names(listed)}; " if listed else "it lists no models; "
                hint += "check URL, model (--server-model) and API (--api); then "
        elif isinstance(error, openai.APITimeoutError):
            what = f"no answer in {self._timeout:g} s, {attempts}"
            hint = "give it more time (--timeout), or "
        elif isinstance(error, openai.APIConnectionError):
            what = f"no connection ({shortened(str(error.__cause__ or error))}), {attempts}"
        elif isinstance(error, Garbage):
            what = f"{error}, {attempts}"
        else:
            what = f"{type(error).__name__}: {shortened(str(error))}"
        message = f"server {self._shown_url}, model {self.name!r}: {what}. {kept}; {hint}run the same command again to go on"
        return ModelError(message if self._key == NO_KEY else message.replace(self._key, "***"))

    def _listed_models(self) -> list[str]:
        try:
            client = self._client.with_options(max_retries=0, timeout=CONNECT_TIMEOUT)
            return names_of(reply_of(client.models.with_raw_response.list().content))
        except Exception:  # many servers have no list; it only helps a message
            return []

    def _only_model(self) -> str:
        listed = self._listed_models()
        if len(listed) == 1:
            return listed[0]
        what = f"lists the models {_names(listed)}" if listed else "cannot be reached, or lists no models"
        raise ModelError(f"server {self._shown_url} {what}: name the model to evaluate (--server-model)")


def _names(models: list[str]) -> str:
    return ", ".join(map(shortened, models))
