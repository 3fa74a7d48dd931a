"""The Bayesian attentive neural process of Park et al. (section 3), with switches for what their code does instead."""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from agnbook.banp import heads

MIN_SD = 0.001


@dataclass(frozen=True)
class Config:
    """Sizes and switches; the defaults follow the paper, `AUTHOR` the released code.

    Attributes
    ----------
    aggregate : "lstm" (paper) or "mean" (code), how the latent path sums up the encoded points.
    self_attention : whether encoded points attend to each other (paper: yes; code: off).
    embed : whether 2-layer LSTMs embed times and magnitudes before anything else (code: yes).
    dropout : Monte Carlo dropout rate, active in training and in prediction.
    inputs : numbers that describe a context point, the magnitudes of all bands first; None where there is nothing else.
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


#: The layout of the released code: 76,328 parameters.
AUTHOR = Config(aggregate="mean", self_attention=False, embed=True, dropout=0.01)


class Dropout(nn.Dropout):
    """Dropout that stays on in prediction: each forward pass is one draw of the weights (Gal & Ghahramani 2016)."""

    def forward(self, x):
        return functional.dropout(x, self.p, training=True)


def block(inputs: int, outputs: int, dropout: float) -> nn.Sequential:
    """Linear without bias, ReLU, dropout, Linear: the building block of encoders, keys, queries and decoder."""
    return nn.Sequential(nn.Linear(inputs, outputs, bias=False), nn.ReLU(), Dropout(dropout), nn.Linear(outputs, outputs))


class Attention(nn.Module):
    """Multi-head attention without biases; dropout acts on its output, so that torch's fused kernel applies."""

    def __init__(self, hidden: int, n_heads: int, dropout: float):
        super().__init__()
        self.n_heads, self.dropout = n_heads, Dropout(dropout)
        self.query, self.key, self.value, self.out = (nn.Linear(hidden, hidden, bias=False) for _ in range(4))

    def forward(self, query, key, value):
        def split(x):
            return x.unflatten(-1, (self.n_heads, -1)).transpose(1, 2)

        attended = functional.scaled_dot_product_attention(
            split(self.query(query)), split(self.key(key)), split(self.value(value))
        )
        return self.dropout(self.out(attended.transpose(1, 2).flatten(2)))


class AttentiveNeuralProcess(nn.Module):
    """Context points in, light curve and posterior of the targets out.

    Times are scaled to about [-1, 1] and magnitudes standardised by the caller; points are in time order.
    """

    def __init__(self, config: Config = Config()):
        super().__init__()
        self.config = config
        h, rate = config.hidden, config.dropout
        x_width, y_width = 1, config.inputs or config.bands
        if config.embed:
            self.embed_x, self.embed_y = (nn.LSTM(w, h, num_layers=2, batch_first=True) for w in (x_width, y_width))
            x_width = y_width = h
        self.encode_latent = block(x_width + y_width, h, rate)
        self.encode_points = block(x_width + y_width, h, rate)
        if config.self_attention:
            self.attend_latent = Attention(h, config.attention_heads, rate)
            self.attend_points = Attention(h, config.attention_heads, rate)
        if config.aggregate == "lstm":
            self.aggregate = nn.LSTM(h, h, batch_first=True)
        self.penultimate = nn.Linear(h, h)
        self.latent_mean, self.latent_spread = nn.Linear(h, config.latent), nn.Linear(h, config.latent)
        self.keys, self.queries = block(x_width, h, rate), block(x_width, h, rate)
        self.cross = Attention(h, config.attention_heads, 0.0 if config.embed else rate)
        self.target_time = nn.Linear(x_width, h)
        width = 2 * h + config.latent
        self.decode = block(width, width, rate)
        self.magnitude_mean, self.magnitude_spread = nn.Linear(width, config.bands), nn.Linear(width, config.bands)
        out = heads.width(config.targets)
        self.head = nn.Sequential(
            nn.Linear(h + config.latent, h), nn.ReLU(), Dropout(0.0 if config.embed else rate), nn.Linear(h, h), nn.ReLU(),
            nn.Linear(h, out),
        )  # fmt: skip

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
        wide = z.unsqueeze(1).expand(-1, r.shape[1], -1)
        decoded = self.decode(torch.cat([r, wide, self.target_time(target_x)], -1))
        return {
            "mean": self.magnitude_mean(decoded),
            "sd": MIN_SD + (1 - MIN_SD) * functional.softplus(self.magnitude_spread(decoded)),
            "raw": self.head(torch.cat([z, r.mean(1)], -1)),
            "kl": kl,
        }


def loss(output: dict, target_y, targets, alpha: float = 10.0) -> tuple[torch.Tensor, dict]:
    """Return the negative of the paper's evidence bound (equation 5) and its three parts.

    The log-density of magnitudes is a mean over times and bands and the divergence a mean over latent
    dimensions, as in the released code; `alpha` weighs the former (paper: 10).
    """
    magnitudes = target_y[..., : output["mean"].shape[-1]]
    reconstruction = torch.distributions.Normal(output["mean"], output["sd"]).log_prob(magnitudes).mean((1, 2))
    parameters = heads.log_prob(output["raw"], targets)
    parts = {"magnitudes": reconstruction.mean(), "parameters": parameters.mean(), "kl": output["kl"].mean()}
    return -(alpha * parts["magnitudes"] + parts["parameters"] - parts["kl"]), parts


def count_parameters(network: nn.Module) -> int:
    """Return the number of trainable parameters."""
    return sum(p.numel() for p in network.parameters() if p.requires_grad)
