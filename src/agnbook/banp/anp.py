"""The Bayesian attentive neural process of Park et al. (section 3), with a switch for whatever its readings differ in."""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from agnbook.banp import heads

MIN_SD = 0.001


@dataclass(frozen=True)
class Config:
    """Sizes and switches; the defaults follow the paper's text. `CONFIGURATIONS` names the readings.

    Attributes
    ----------
    aggregate : "lstm" or "mean", how the latent path sums up the encoded points.
    self_attention : whether encoded points attend to each other.
    embed : whether 2-layer LSTMs embed times and magnitudes before anything else.
    dropout : Monte Carlo dropout rate, active in training and in prediction.
    inputs : numbers that describe a context point, the magnitudes of all bands first; None where there is nothing else.
    time_copies : how often the time enters, side by side.
    time_scale : factor on times, which callers give on [-1, 1].
    batch_norm : whether every `block` normalises over the batch after its ReLU.
    head_reads : "attended" or "raw", what the head sees beside the latent: the mean of the attended points, or the
        mean of times and magnitudes as they came in.
    """

    bands: int = 6
    targets: int = 21
    inputs: int | None = None
    hidden: int = 32
    latent: int = 32
    attention_heads: int = 4
    aggregate: str = "lstm"
    self_attention: bool = True
    embed: bool = False
    dropout: float = 0.05
    time_copies: int = 1
    time_scale: float = 1.0
    batch_norm: bool = False
    head_reads: str = "attended"


#: Three readings of one network: the paper's text; the authors' code of 7 June 2021, which has the paper's weight, batch size
#: and patience (what it leaves open follows the text); and their newest code, with one time a band.
CONFIGURATIONS = {
    "paper": Config(),
    "june-2021": Config(hidden=64, batch_norm=True, time_scale=4.0),
    "newest": Config(aggregate="mean", self_attention=False, embed=True, dropout=0.01, time_copies=6, head_reads="raw"),
}


class Dropout(nn.Dropout):
    """Dropout that stays on in prediction: each forward pass is one draw of the weights (Gal & Ghahramani 2016)."""

    def forward(self, x):
        return functional.dropout(x, self.p, training=True)


class BatchNorm(nn.BatchNorm1d):
    """Batch normalisation of the last axis over all others."""

    def forward(self, x):
        return super().forward(x.flatten(0, -2)).view_as(x)


def block(inputs: int, outputs: int, dropout: float, batch_norm: bool = False) -> nn.Sequential:
    """Linear without bias, ReLU, dropout, Linear: the building block of encoders, keys, queries and decoder."""
    norm = [BatchNorm(outputs)] if batch_norm else []
    return nn.Sequential(nn.Linear(inputs, outputs, bias=False), nn.ReLU(), *norm, Dropout(dropout), nn.Linear(outputs, outputs))


class Attention(nn.Module):
    """Multi-head attention without biases; dropout acts on its output, so that torch's fused kernel applies."""

    def __init__(self, hidden: int, n_heads: int, dropout: float):
        super().__init__()
        self.n_heads, self.dropout = n_heads, Dropout(dropout)
        self.query, self.key, self.value, self.out = (nn.Linear(hidden, hidden, bias=False) for _ in range(4))

    def forward(self, query, key, value):
        attended = functional.scaled_dot_product_attention(
            self._split(self.query(query)), self._split(self.key(key)), self._split(self.value(value))
        )
        return self.dropout(self.out(attended.transpose(1, 2).flatten(2)))

    def weights(self, query, key):
        """Return how much each query looks at each key, (batch, heads, queries, keys); a query's weights add up to one."""
        query, key = self._split(self.query(query)), self._split(self.key(key))
        return torch.softmax(query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5, dim=-1)

    def _split(self, x):
        return x.unflatten(-1, (self.n_heads, -1)).transpose(1, 2)


class AttentiveNeuralProcess(nn.Module):
    """Context points in, light curve and posterior of the targets out.

    Callers scale times to about [-1, 1] and standardise magnitudes; points are in time order.
    """

    def __init__(self, config: Config = Config()):
        super().__init__()
        self.config = config
        h, rate = config.hidden, config.dropout
        x_width, y_width = config.time_copies, config.inputs or config.bands
        beside = h if config.head_reads == "attended" else x_width + y_width
        if config.embed:
            self.embed_x, self.embed_y = (nn.LSTM(w, h, num_layers=2, batch_first=True) for w in (x_width, y_width))
            x_width = y_width = h
        self.encode_latent = block(x_width + y_width, h, rate, config.batch_norm)
        self.encode_points = block(x_width + y_width, h, rate, config.batch_norm)
        if config.self_attention:
            self.attend_latent = Attention(h, config.attention_heads, rate)
            self.attend_points = Attention(h, config.attention_heads, rate)
        if config.aggregate == "lstm":
            self.aggregate = nn.LSTM(h, h, batch_first=True)
        self.penultimate = nn.Linear(h, h)
        self.latent_mean, self.latent_spread = nn.Linear(h, config.latent), nn.Linear(h, config.latent)
        self.keys, self.queries = block(x_width, h, rate, config.batch_norm), block(x_width, h, rate, config.batch_norm)
        self.cross = Attention(h, config.attention_heads, 0.0 if config.embed else rate)
        self.target_time = nn.Linear(x_width, h)
        width = 2 * h + config.latent
        self.decode = block(width, width, rate, config.batch_norm)
        self.magnitude_mean, self.magnitude_spread = nn.Linear(width, config.bands), nn.Linear(width, config.bands)
        out = heads.width(config.targets)
        self.head = nn.Sequential(
            nn.Linear(config.latent + beside, h), nn.ReLU(), Dropout(0.0 if config.embed else rate), nn.Linear(h, h), nn.ReLU(),
            nn.Linear(h, out),
        )  # fmt: skip

    def kernel(self, context_x, target_x):
        """Return where the cross-attention looks, (batch, t, c): a target time's weight of every context point, mean over heads.

        Times as in `forward`; an embedding network has no such kernel, since its embedded times depend on each other.
        """
        context_x, target_x = (self._times(x) for x in (context_x, target_x))
        with torch.no_grad():
            return self.cross.weights(self.queries(target_x), self.keys(context_x)).mean(1)

    def _times(self, x):
        return (self.config.time_scale * x).expand(-1, -1, self.config.time_copies)

    def _latent(self, x, y):
        points = self.encode_latent(torch.cat([x, y], -1))
        if self.config.self_attention:
            points = points + self.attend_latent(points, points, points)
        summary = self.aggregate(points)[0][:, -1] if self.config.aggregate == "lstm" else points.mean(1)
        hidden = torch.relu(self.penultimate(summary))
        return self.latent_mean(hidden), MIN_SD + (1 - MIN_SD) * torch.sigmoid(0.5 * self.latent_spread(hidden))

    def forward(self, context_x, context_y, target_x, target_y=None):
        """Return a dict with ``mean`` and ``sd`` of the target magnitudes, ``raw`` for `heads`, and ``kl``.

        Parameters
        ----------
        context_x, context_y : (batch, c, 1), (batch, c, inputs)
        target_x, target_y : (batch, t, 1), (batch, t, inputs); with `target_y` (training) the latent is drawn
            from the targets' distribution and ``kl`` is its divergence from the context's, a latent's mean.
        """
        context_x, target_x = self._times(context_x), self._times(target_x)
        raw = torch.cat([context_x, context_y], -1).mean(1)
        if self.config.embed:
            context_x, target_x = self.embed_x(context_x)[0], self.embed_x(target_x)[0]
            context_y = self.embed_y(context_y)[0]
            target_y = None if target_y is None else self.embed_y(target_y)[0]
        prior_mean, prior_sd = self._latent(context_x, context_y)
        mean, sd, kl = prior_mean, prior_sd, context_x.new_zeros(len(context_x))
        if target_y is not None:
            mean, sd = self._latent(target_x, target_y)
            kl = (torch.log(prior_sd / sd) + (sd**2 + (mean - prior_mean) ** 2) / (2 * prior_sd**2) - 0.5).mean(-1)
        z = mean + sd * torch.randn_like(sd)
        points = self.encode_points(torch.cat([context_x, context_y], -1))
        if self.config.self_attention:
            points = points + self.attend_points(points, points, points)
        r = self.cross(self.queries(target_x), self.keys(context_x), points)
        beside = r.mean(1) if self.config.head_reads == "attended" else raw
        wide = z.unsqueeze(1).expand(-1, r.shape[1], -1)
        decoded = self.decode(torch.cat([r, wide, self.target_time(target_x)], -1))
        return {
            "mean": self.magnitude_mean(decoded),
            "sd": MIN_SD + (1 - MIN_SD) * functional.softplus(self.magnitude_spread(decoded)),
            "raw": self.head(torch.cat([z, beside], -1)),
            "kl": kl,
        }


def loss(
    output: dict, target_y, targets, alpha: float = 10.0, *, over_times: str = "averaged", parameters: float = 1.0
) -> tuple[torch.Tensor, dict]:
    """Return the negative of the paper's evidence bound (equation 5) and its three parts.

    Parameters
    ----------
    output : what the network returned; target_y : (batch, t, inputs); targets : (batch, 21)
    alpha, parameters : weights of the log-densities of magnitudes (paper: 10) and of targets (paper: 1). What counts is
        their ratio, and their size beside the divergence.
    over_times : "averaged" (the authors' code of June 2021) or "summed" (equation 5), for the log-density of magnitudes. It is
        a mean over bands, and the divergence a mean over the latent's dimensions, in all of their code.
    """
    magnitudes = target_y[..., : output["mean"].shape[-1]]
    at_times = torch.distributions.Normal(output["mean"], output["sd"]).log_prob(magnitudes).mean(2)
    at_times = at_times.sum(1) if over_times == "summed" else at_times.mean(1)
    densities = heads.log_prob(output["raw"], targets)
    parts = {"magnitudes": at_times.mean(), "parameters": densities.mean(), "kl": output["kl"].mean()}
    return -(alpha * parts["magnitudes"] + parameters * parts["parameters"] - parts["kl"]), parts


def count_parameters(network: nn.Module) -> int:
    """Return the number of trainable parameters."""
    return sum(p.numel() for p in network.parameters() if p.requires_grad)
