"""What to tell people when a model cannot be had from the Hugging Face hub or from its own files."""

from __future__ import annotations

from collections.abc import Iterator


def loading_failed(name: str, revision: str, error: BaseException) -> str:
    """One sentence: what stands in the way of loading `name` at `revision`, and the remedy.

    The libraries wrap their errors in one another, so the whole chain is looked at; classes are told by
    their names, because those libraries are not part of a plain install.
    """
    kinds = {kind.__name__ for each in _chain(error) for kind in type(each).__mro__}
    for words, sentence in _SENTENCES:
        if kinds & set(words.split()):
            return sentence.format(name=name, revision=revision)
    return f"The model {name} cannot be loaded: {first_line(error)}."


_SENTENCES = (
    # From the particular to the general: a gated repository is also one that was not found.
    (
        "GatedRepoError",
        "The model {name} is gated: ask for access on its page on the hub and log in with `hf auth login`.",
    ),
    (
        "RevisionNotFoundError",
        "The model {name} has no revision {revision!r}; its page lists them.",
    ),
    (
        "RepositoryNotFoundError",
        "There is neither a folder {name} here nor a public model of that name on the Hugging Face hub; "
        "correct BAROMETER_MODEL, or log in with `hf auth login` where the model is private.",
    ),
    (
        "HFValidationError",
        "{name!r} is neither a folder nor a name on the Hugging Face hub, which reads OWNER/NAME or "
        "OWNER/NAME@REVISION.",
    ),
    (
        "OfflineModeIsEnabled ConnectError ConnectTimeout TimeoutException NetworkError ProxyError "
        "ConnectionError LocalEntryNotFoundError",
        "The model {name} is not on this machine and the Hugging Face hub cannot be reached; check the "
        "network, or set BAROMETER_MODEL to a folder that holds the model.",
    ),
    (
        "OutOfMemoryError",
        "The GPU has too little memory free for {name}; free some, name another GPU, or set "
        "BAROMETER_DEVICE=cpu.",
    ),
    ("MemoryError", "This machine has too little memory for {name}; name a smaller model."),
    (
        "EntryNotFoundError",
        "The model {name} lacks a file that transformers needs (config.json, weights, tokenizer); name "
        "another model or revision.",
    ),
    (
        "HfHubHTTPError",
        "The Hugging Face hub did not hand over {name}; try again later, or set BAROMETER_MODEL to a "
        "folder that holds the model.",
    ),
    (
        "SafetensorError UnpicklingError BadZipFile",
        "The weights of {name} are damaged or incomplete; fetch the model again.",
    ),
)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def first_line(error: BaseException) -> str:
    """The first line of what a library says, without the mark at its end."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0][:300] if lines else type(error).__name__).rstrip(".:")
