"""Runs a torch network over rows of any number, on the CPU or on a GPU. An edge, as torch is one."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from classify.classifier import ModelError
from classify.hub_errors import loading_failed

if TYPE_CHECKING:
    import torch

ROWS_ON_CPU, ROWS_ON_GPU = 16, 128
"""Rows of a batch; a GPU that is too small for so many is given fewer."""

Floats = NDArray[np.float32]
Row = TypeVar("Row")


class Runner:
    """A network on a device, in half precision on a GPU, given rows in batches of like length."""

    def __init__(
        self, name: str, module: torch.nn.Module, device: torch.device, half: bool | None = None
    ) -> None:
        """`name` is the model's, for errors; `half`: with 16 bits, as on a GPU.

        Raises ModelError when the GPU is too small for it.
        """
        import torch

        self.device = device
        self._name = name
        self._half = device.type == "cuda" if half is None else half
        try:
            self.module = module.to(device, torch.float16 if self._half else torch.float32).eval()
        except torch.OutOfMemoryError as error:
            raise ModelError(loading_failed(name, "", error)) from error

    def __call__(
        self,
        rows: Sequence[Row],
        lengths: Sequence[int],
        forward: Callable[[Sequence[Row]], Sequence[torch.Tensor]],
    ) -> list[Floats]:
        """The outputs of `forward` for N rows, each (N, …), in the order of the rows; N is 1 or more.

        Raises ModelError when one row alone is too much for the GPU.
        """
        order = sorted(range(len(rows)), key=lengths.__getitem__)
        size = ROWS_ON_CPU if self.device.type == "cpu" else ROWS_ON_GPU
        batches = [
            self._run([rows[i] for i in order[start : start + size]], forward)
            for start in range(0, len(order), size)
        ]
        places = np.argsort(order)
        return [np.concatenate(parts)[places] for parts in zip(*batches, strict=True)]

    def _run(
        self, rows: Sequence[Row], forward: Callable[[Sequence[Row]], Sequence[torch.Tensor]]
    ) -> list[Floats]:
        import torch

        try:
            return self._outputs(rows, forward)
        except torch.OutOfMemoryError as error:
            if len(rows) == 1:
                raise ModelError(loading_failed(self._name, "", error)) from error
        torch.cuda.empty_cache()
        middle = len(rows) // 2
        halves = self._run(rows[:middle], forward), self._run(rows[middle:], forward)
        return [np.concatenate(parts) for parts in zip(*halves, strict=True)]

    def _outputs(
        self, rows: Sequence[Row], forward: Callable[[Sequence[Row]], Sequence[torch.Tensor]]
    ) -> list[Floats]:
        outputs = _figures(rows, forward)
        if not self._half or all(np.isfinite(output).all() for output in outputs):
            return outputs
        # Some networks leave the range of 16 bits on some texts; their weights have not left it.
        try:
            self.module.float()
            return _figures(rows, forward)
        finally:
            self.module.half()


def device_of(name: str) -> torch.device:
    """The device that BAROMETER_DEVICE names; auto is a GPU where there is one. Raises ModelError."""
    import torch

    found = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if name == "auto":
        return torch.device("cuda" if found else "cpu")
    if name == "cpu":
        return torch.device("cpu")
    kind, colon, number = name.partition(":")
    if kind != "cuda" or not (number.isdecimal() if colon else True):
        raise ModelError(f"BAROMETER_DEVICE is {name!r}; it is auto, cpu, cuda or cuda:N.")
    if int(number or 0) >= found:
        gpus = f"{found} GPU{'' if found == 1 else 's'}" if found else "no GPU"
        raise ModelError(
            f"BAROMETER_DEVICE is {name!r}, but torch finds {gpus} here; set it to auto or cpu."
        )
    return torch.device(name)


def quiet_libraries() -> None:
    """Errors come as exceptions; a bar is drawn only for downloads, and only where somebody watches."""
    import huggingface_hub.utils as hub
    import transformers.utils.logging

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    if sys.stderr.isatty():
        hub.enable_progress_bars()  # type: ignore[attr-defined]  # it is documented, but not in __all__


def _figures(
    rows: Sequence[Row], forward: Callable[[Sequence[Row]], Sequence[torch.Tensor]]
) -> list[Floats]:
    import torch

    with torch.inference_mode():
        return [output.float().cpu().numpy() for output in forward(rows)]
