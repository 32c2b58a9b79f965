"""How fast the shipped form judges, beside the bare session and transformers: same texts, same weights, one run.

    python -m benchmarks.classify [--folder FOLDER] [--texts 2000] [--rounds 3]
    python -m benchmarks.classify --neighbours

FOLDER is a model folder; transformers need its checkpoint (config.json, model.safetensors) and the
`models` extra, and are left out with the reason where one is missing. Candidates:

- ours: `assess`, from texts to assessments, four targets.
- bare: the same model.onnx, token ids ready before the clock starts, sorted by length, padded batches.
  With ONNX Runtime's defaults (all CPUs within an operator), and as ours calls it (a text a run, a thread
  per CPU): what is lost to the latter is the price of tokenising, excerpts and calibration.
- pipeline: `transformers.pipeline("text-classification")` on torch over pairs of a text and a target's
  description, four per text: the encoder's own weights under a new classification head.
- checkpoint: classify.hf_model with the folder's checkpoint, one encoding per text, in batches.

Texts are held-out passages of the sample corpus, each one different: repeats get a number at the end,
so that judging equal texts once flatters nobody. Every measurement is a process of its own, and rounds
go round all candidates. The best round counts: what else the machine does can only slow one down; the
slowest is given beside it. Peak memory is the process's own high-water mark (VmHWM), Python and libraries included.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
# As a script its own folder comes first, where this very file would pass for the package `classify`.
sys.path[:] = [str(ROOT), *(p for p in sys.path if Path(p).resolve() != Path(__file__).parent)]

BUNDLED = ROOT / "classify" / "bundled"
WARM_UP = 32
"""Texts judged before the clock starts."""

GOALS = (("pipeline", 4.0), ("bare", 0.9))


def measure(name: str, folder: Path, count: int) -> dict[str, Any]:
    """One candidate, in this process."""
    from benchmarks.classify_candidates import LeftOut, candidates

    load, share = candidates()[name]
    try:
        judge, seconds = load(folder)
    except LeftOut as reason:
        return {"left_out": str(reason)}
    texts = different_texts(count)[:: round(1 / share)]
    judge(texts[:WARM_UP])()
    run = judge(texts)
    start, cpu = time.perf_counter(), time.process_time()
    run()
    wall = time.perf_counter() - start
    return {
        "load": seconds,
        "speed": len(texts) / wall,
        "cpu_speed": len(texts) / (time.process_time() - cpu),
        "texts": len(texts),
        "memory": peak_memory(),
    }


def different_texts(count: int) -> list[str]:
    """Held-out passages, repeated with a number at the end, none twice."""
    from classify.corpus import held_out, load_corpus

    passages = [passage.text for passage in load_corpus() if held_out(passage)]
    repeats = (f"{text} ({n})" if n else text for n in range(count) for text in passages)
    return [text for text, _ in zip(repeats, range(count), strict=False)]


def peak_memory() -> float:
    """Of this process, in MB; getrusage would count the parent's too."""
    try:
        status = Path("/proc/self/status").read_text("utf-8")
    except OSError:
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak / (1e6 if sys.platform == "darwin" else 1e3)
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024 / 1e6


def measured(folder: Path, count: int, rounds: int) -> dict[str, list[dict[str, Any]]]:
    """Every candidate, `rounds` times, each time in a fresh process."""
    from benchmarks.classify_candidates import candidates

    found: dict[str, list[dict[str, Any]]] = {name: [] for name in candidates()}
    for _ in range(rounds):
        for name, results in found.items():
            if not results or "left_out" not in results[-1]:
                results.append(_in_a_process(name, folder, count))
    return found


def _in_a_process(name: str, folder: Path, count: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.classify", "--only", name]
    command += ["--folder", str(folder), "--texts", str(count)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no word"])[-1]
        return {"left_out": f"it failed: {reason}"}
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def report(found: dict[str, list[dict[str, Any]]]) -> Iterator[str]:
    """The table, the ratios, and what could not run."""
    ran = {name: rows for name, rows in found.items() if not any("left_out" in r for r in rows)}
    yield f"{'':38} {'texts/s':>8} {'slowest':>8} {'per CPU s':>9} {'load s':>7} {'peak MB':>8}"
    best: dict[str, tuple[float, float]] = {}
    for name, rows in ran.items():
        best[name] = (max(row["speed"] for row in rows), max(row["cpu_speed"] for row in rows))
        yield (
            f"{name:38} {best[name][0]:8.0f} {min(row['speed'] for row in rows):8.0f} "
            f"{best[name][1]:9.0f} "
            f"{min(row['load'] for row in rows):7.2f} "
            f"{max(row['memory'] for row in rows):8.0f}"
        )
    for name, rows in found.items():
        if name not in ran:
            yield f"{name}: left out, {rows[-1]['left_out']}"
    for kind, goal in GOALS:
        for name in [name for name in best if name.split(",")[0] == kind and "ours" in best]:
            clock, cpu = (ours / its for ours, its in zip(best["ours"], best[name], strict=True))
            yield f"ours / {name}: {clock:.2f} by the clock, {cpu:.2f} per CPU second (goal: {goal})"


def neighbours(folder: Path, count: int) -> str:
    """How far the texts beside it in a batch of 32 move a text's answers."""
    import numpy as np
    import onnxruntime

    from benchmarks.classify_candidates import feeds
    from classify.calibration import class_probabilities
    from classify.manifest import WEIGHTS, Calibration

    session = onnxruntime.InferenceSession(str(folder / WEIGHTS))
    alone, together = (
        class_probabilities(
            np.concatenate(
                [
                    session.run(["stances"], feed)[0]
                    for feed in feeds(folder, different_texts(count), batch)
                ]
            ),
            Calibration(temperature=1.0),
        )
        for batch in (1, 32)
    )
    moved = np.abs(alone - together).max(axis=2)
    changed = (alone.argmax(axis=2) != together.argmax(axis=2)).mean()
    return (
        f"probabilities of stances in batches of 32, sorted by length, against a text alone, "
        f"{count} texts: moved by {moved.mean():.3f} on average, {np.quantile(moved, 0.99):.3f} in "
        f"one of a hundred, {moved.max():.3f} at most; {changed:.1%} of the stances change"
    )


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--folder", type=Path, default=BUNDLED)
    parser.add_argument("--texts", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--only", help="measure one candidate in this process, for the others' sake"
    )
    parser.add_argument(
        "--neighbours", action="store_true", help="measure how a batch moves answers, and no speed"
    )
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    if not (folder / "model.onnx").is_file():
        parser.error(f"{folder} has no model.onnx; --folder names a model folder")
    if arguments.neighbours:
        print(neighbours(folder, arguments.texts))
        return
    if arguments.only:
        print(json.dumps(measure(arguments.only, folder, arguments.texts)))
        return
    from classify.onnx_model import available_cpus

    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(
        f"{arguments.texts} different texts (repeated held-out passages), best of "
        f"{arguments.rounds} processes each; {available_cpus()} CPUs, load average before {load}, "
        f"Python {platform.python_version()}"
    )
    for line in report(measured(folder, arguments.texts, arguments.rounds)):
        print(line)


if __name__ == "__main__":
    main()
