"""Weights of the likelihood from patches whose cause is known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.patches.likelihood import Likelihood
from pipeline.patches.terms import EXPERT, TERMS

PULL = 10.0
"""Strength of the draw towards the weights that were there before, in patches."""
STEPS, RATE = 4000, 0.02

Floats = NDArray[np.float64]


def fit(x: Floats, y: Floats, before: Likelihood, counts: Floats | None = None, pull: float = PULL) -> Likelihood:
    """Logistic regression drawn towards a model, by Adam's method (Kingma & Ba 2015); no weight changes the sign an expert gave it.

    x: (n, n_terms) terms; y: (n,) 1 = mining, 0 = not; counts: (n,) as how many patches each counts, default one.
    """
    start = _weights(before)
    signs = np.sign([EXPERT[name] for name in TERMS])
    weight = np.ones(len(y)) if counts is None else counts
    b, bias = start.copy(), before.bias
    first, second = np.zeros(len(b) + 1), np.zeros(len(b) + 1)
    for _ in range(STEPS):
        error = (probabilities(x, b, bias) - y) * weight
        slope = np.append(x.T @ error + pull * (b - start), error.sum())
        first, second = 0.9 * first + 0.1 * slope, 0.999 * second + 0.001 * slope**2
        step = RATE * first / (np.sqrt(second) + 1e-8)
        b, bias = b - step[:-1], bias - float(step[-1])
        b[signs * b < 0] = 0
    return Likelihood(round(bias, 3), {name: round(float(w), 3) for name, w in zip(TERMS, b, strict=True)})


def probabilities(x: Floats, weights: Floats, bias: float) -> Floats:
    """(n,) that patches are mining."""
    return np.asarray(1 / (1 + np.exp(-np.clip(x @ weights + bias, -30, 30))))


def judged(x: Floats, model: Likelihood) -> Floats:
    """(n,) that patches are mining, by a model."""
    return probabilities(x, _weights(model), model.bias)


def _weights(model: Likelihood) -> Floats:
    """(n_terms,) in their order, 0 for a term that came after the model."""
    return np.array([model.weights.get(name, 0.0) for name in TERMS])


def losses(p: Floats, y: Floats) -> Floats:
    """(n,) what each answer costs: logarithmic loss."""
    p = np.clip(p, 1e-6, 1 - 1e-6)
    return np.asarray(np.where(y == 1, -np.log(p), -np.log(1 - p)))


def average_precision(p: Floats, y: Floats) -> float:
    """Of a ranking by p; 0 where there is nothing to find."""
    ranked = y[np.argsort(-p, kind="stable")]
    precision = np.cumsum(ranked) / np.arange(1, len(y) + 1)
    return float(precision[ranked == 1].mean()) if ranked.any() else 0.0


def calibration_error(p: Floats, y: Floats) -> float:
    """Expected calibration error over ten equal bins."""
    tenth = np.minimum((p * 10).astype(int), 9)
    return float(sum(abs(y[tenth == k].mean() - p[tenth == k].mean()) * (tenth == k).mean() for k in range(10) if (tenth == k).any()))
