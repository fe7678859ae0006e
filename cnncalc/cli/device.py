"""`--compute` and `--bandwidth`: the device for which the least time is computed."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

from cnncalc.analysis.figures import FIGURES
from cnncalc.cli import options
from cnncalc.cli.relations import Needs
from cnncalc.errors import UsageError

if TYPE_CHECKING:
    from fractions import Fraction

    from cnncalc.analysis.roofline import Device

COMPUTE_HELP = "Operations a second of a device, 2 for each mac, e.g. 10T, for the least time."
Compute = Annotated[str | None, options.option("--compute", metavar="RATE", help=COMPUTE_HELP), Needs("--bandwidth")]
BANDWIDTH_HELP = "Bytes a second of the device's memory, e.g. 100G."
Bandwidth = Annotated[
    str | None, options.option("--bandwidth", metavar="RATE", help=BANDWIDTH_HELP), Needs("--compute")
]


def choose_device(
    compute: str | None, bandwidth: str | None, names: Iterable[str], limits: Iterable[Any] | None = None,
    *, used: bool = False,
) -> "Device | None":  # fmt: skip
    """The device, None if none is given; `names` are the figures that are shown, and it may be `used` beside them.

    Raises UsageError if one of them or of the limited figures needs a device that is not given, or if none does.
    """
    figures = [*names, *(limit.figure.name for limit in limits or ())]
    needing = [name for name in figures if name in FIGURES and FIGURES[name].of_device]
    if compute is None or bandwidth is None:
        if needing:
            raise UsageError(f"`{needing[0]}` depends on the device: add e.g. --compute 10T --bandwidth 100G")
        return None
    if not (needing or used):
        raise UsageError("`--compute` has an effect only with the figure `least_time`, in a column or a limit")
    return parse_device(compute, bandwidth)


def parse_device(compute: str, bandwidth: str) -> "Device":
    """A device of these rates. Raises UsageError."""
    from cnncalc.analysis.roofline import Device

    return Device(_parse_rate("--compute", compute), _parse_rate("--bandwidth", bandwidth))


def _parse_rate(option: str, text: str) -> "Fraction":
    """`10T`, `1.5 G` or a number, above 0. Raises UsageError."""
    import re
    from fractions import Fraction

    found = re.fullmatch(r"\s*([0-9]{1,18}(?:\.[0-9]{1,18})?)\s*([kMGTP]?)\s*", text)
    rate = Fraction(found[1]) * 1000 ** " kMGTP".index(found[2] or " ") if found else Fraction(0)
    if not rate:
        raise UsageError(f"{option} takes a rate above 0 with k, M, G, T or P, e.g. 10T or 1.5G, not {text!r}")
    return rate
