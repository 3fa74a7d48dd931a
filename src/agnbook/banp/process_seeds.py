"""The neural process on the terms of its rivals: its learning rate searched, three seeds, equally many steps each.

What follows was decided before any of its results were seen, but for the number of steps: `process_steps` was raised from
10,000 to 15,000 while the first seed trained, when its validation losses had been seen and no test curve had. The rates are
those of the rivals (`equal_terms.tune`). Each is tried with one seed for `search_steps` steps, the last fifth of them with a
rate that falls to zero; the one with the smallest loss on the validation curves (the paper's loss, the latent drawn from the
context) trains every seed anew for `process_steps` steps. The attention's cost grows with the square of the number of visits,
and more steps help the process more than more visits do, so that steps are cheap first: `short_context` visits and
`short_extra` grid times a curve in the search and in the first nine tenths of a long training, `context` and `extra` in the
last tenth, while its rate falls to zero. No test curve has a part in any of it, and nothing else was tuned.

`sizes` is the chapter's mapping of sizes (`chapter.sizes.Settings`); each function names the ones it reads.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import torch

from agnbook import storage
from agnbook.banp import anp, train
from agnbook.banp.neural_process import NeuralProcess
from agnbook.banp.training_runs import curve_sets


def _train(sizes, curves, path: Path, *, rate: float, seed: int, phases) -> tuple[anp.AttentiveNeuralProcess, list[dict]]:
    """Train one network in `phases` of (visits, grid times, last step, steps in which the rate falls); go on from `path`."""
    torch.manual_seed(seed)
    network = anp.AttentiveNeuralProcess()
    for context, extra, last, settle in phases:
        history = train.neural_process(
            network, *curves, seconds=1e9, checkpoint=path, seed=seed, n_context=context, n_extra=extra, rate=rate,
            every=sizes["process_every"], patience=10**6, max_steps=last, settle=settle,
        )  # fmt: skip
    return network, history


def search(sizes, curves, folder: Path, seed: int) -> pd.DataFrame:
    """Try every one of `rates`; one row each.

    Its columns: ``rate``, ``seed``, ``steps``, ``validation`` (the loss) and its parts, ``seconds`` (processor), ``chosen``.
    Reads `rates`, `search_steps`, `short_context`, `short_extra` and `process_every`.
    """
    rows, steps = [], sizes["search_steps"]
    phases = [(sizes["short_context"], sizes["short_extra"], steps, steps // 5)]
    for rate in sizes["rates"]:
        _, history = _train(sizes, curves, folder / f"search-{rate:g}.pt", rate=rate, seed=seed, phases=phases)
        kept = {key: history[-1][key] for key in ("magnitudes", "parameters", "seconds")}
        rows.append({"rate": rate, "seed": seed, "steps": steps, "validation": history[-1]["loss"]} | kept)
    table = pd.DataFrame(rows)
    # a training that diverged has lost, whatever its last loss is called
    best = table["validation"].where(np.isfinite(table["validation"]), np.inf).idxmin()
    return table.assign(chosen=table.index == best)


def trained(sizes, profile: str, seed: int) -> tuple[pd.DataFrame, list[NeuralProcess], pd.DataFrame]:
    """Search the rate, then train every seed; finished parts are kept under ``_build``, so that a stopped run goes on.

    Reads `seeds`, `process_steps`, `context`, `extra`, and what `search` and `training_runs.curve_sets` read.

    Returns
    -------
    table : pandas.DataFrame, the trials of `search`
    processes : list of NeuralProcess, one a seed
    histories : pandas.DataFrame, one row a validation round of every seed; see `train.neural_process`
    """
    folder = storage.ROOT / "_build" / f"banp-equal-{profile}"
    folder.mkdir(parents=True, exist_ok=True)
    curves = curve_sets(sizes)
    table = search(sizes, curves, folder, seed)
    rate, last = float(table.loc[table["chosen"], "rate"].iloc[0]), sizes["process_steps"]
    context, extra, fall = sizes["context"], sizes["extra"], last // 10
    phases = [(sizes["short_context"], sizes["short_extra"], last - fall, 0), (context, extra, last, fall)]
    processes, histories = [], []
    for k in range(seed, seed + sizes["seeds"]):
        network, history = _train(sizes, curves, folder / f"seed{k}.pt", rate=rate, seed=k, phases=phases)
        notes = {"steps": last, "context": context, "extra": extra}
        processes.append(NeuralProcess(network, curves[0], notes))
        histories.append(pd.DataFrame(history).assign(seed=k))
    return table, processes, pd.concat(histories, ignore_index=True)
