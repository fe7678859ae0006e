"""The optimizers of training, and what each keeps. Apart, so that the help of a command loads no more."""

from __future__ import annotations

from enum import StrEnum


class Optimizer(StrEnum):
    """How weights are updated."""

    sgd = "sgd"
    momentum = "momentum"
    adam = "adam"
    adamw = "adamw"

    @property
    def states(self) -> int:
        """Numbers that it keeps for each parameter: a running mean, and for Adam one of the squares."""
        return {"sgd": 0, "momentum": 1, "adam": 2, "adamw": 2}[self]
