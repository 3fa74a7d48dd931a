"""The neural process as a drawing that follows from its configuration (Park et al., figure 1)."""

from agnbook.banp import anp, heads

#: Columns and rows of the drawing.
_UPPER, _LOWER = 1.6, 0.4


def diagram(config: anp.Config) -> tuple[dict[str, tuple[float, float]], list[tuple[str, str]]]:
    """Return the boxes and arrows of a neural process, as `agnbook.chapter.figures.boxes` takes them.

    Above stands the deterministic path, below the latent path; every size and every optional box is read from `config`.

    Returns
    -------
    places : text of a box -> its centre
    arrows : pairs of texts, from and to
    """
    h, points, copies = config.hidden, config.inputs or config.bands, config.time_copies
    size = f"2 x {h}" if config.embed else f"{copies} + {points}"
    visits = f"visits: {copies} time{'s' if copies > 1 else ''},\n{points} magnitudes"
    queries = f"query times,\n2-layer LSTM to {h}" if config.embed else "query times"
    places = {visits: (0.0, 1.0), queries: (3.6, 2.5)}
    entry = visits
    if config.embed:
        entry = f"2-layer LSTMs\n{copies} and {points} to {h} + {h}"
        places[entry] = (1.25, 1.0)
    encoders = {_UPPER: f"encoder MLP\n{size} to {h}", _LOWER: f"latent encoder MLP\n{size} to {h}"}
    places |= {text: (2.4, y) for y, text in encoders.items()}
    arrows = [(entry, text) for text in encoders.values()] + ([(visits, entry)] if config.embed else [])
    ends = dict(encoders)
    if config.self_attention:
        for y, name in ((_UPPER, "self-attention"), (_LOWER, "latent self-attention")):
            text = f"{name}\n{config.attention_heads} heads"
            places[text] = (3.75, y)
            arrows.append((encoders[y], text))
            ends[y] = text
    cross = f"cross-attention,\n{config.attention_heads} heads: r"
    total = {"lstm": f"LSTM, {h}", "mean": "mean over visits"}[config.aggregate]
    latent = f"{total}; MLP:\nlatent z, {config.latent}"
    decoder = f"decoder MLP, {2 * h + config.latent}:\nmean, sd of {config.bands} bands"
    beside = {"attended": "r", "raw": "visits"}[config.head_reads]
    head = f"head MLP on z, {beside}:\n{config.targets} means, {heads.width(config.targets) - config.targets} of L"
    places |= {cross: (5.0, _UPPER), latent: (5.0, _LOWER), decoder: (6.4, _UPPER), head: (6.4, _LOWER)}
    arrows += [(ends[_UPPER], cross), (ends[_LOWER], latent), (queries, cross), (queries, decoder), (cross, decoder)]
    arrows += [(latent, decoder), (latent, head), (cross if config.head_reads == "attended" else visits, head)]
    return places, arrows
