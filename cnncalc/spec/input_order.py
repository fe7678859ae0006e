"""Input shapes that are probably in another order: with the channels last, or with a batch."""

from __future__ import annotations

from cnncalc.errors import Problem, Span
from cnncalc.layers.arguments import Value, format_value
from cnncalc.layers.base import Shape, format_shape
from cnncalc.spec.repairs import write

MIN_IMAGE = 8  # the smallest height or width of what may be an image
MAX_RATIO = 4  # of the sides of an image
IMAGE_CHANNELS = (1, 3, 4)  # gray, colour, colour with transparency


def is_image(height: int, width: int) -> bool:
    """Whether two sizes may be those of an image.

    >>> is_image(160, 320), is_image(16000, 40), is_image(7, 7)
    (True, False, False)
    """
    return min(height, width) >= MIN_IMAGE and max(height, width) <= MAX_RATIO * min(height, width)


def is_channels_last(shape: tuple[Value, ...]) -> bool:
    """Whether the last three sizes are those of an image with the channels last."""
    height, width, channels = shape[-3:]
    sizes = isinstance(height, int) and isinstance(width, int) and is_image(height, width)
    return sizes and isinstance(channels, int) and channels in IMAGE_CHANNELS


def drop_batch(shape: tuple[Value, ...]) -> tuple[Value, ...]:
    """A shape without its first size, with the channels first."""
    rest = shape[1:]
    return (rest[-1], *rest[:-1]) if is_channels_last(rest) and rest[0] not in IMAGE_CHANNELS else rest


def suspect_order(name: str, shape: Shape, span: Span) -> Problem | None:
    """The warning about an input of this name whose shape is probably in another order."""
    if len(shape) == 3 and is_channels_last(shape) and shape[0] not in IMAGE_CHANNELS:
        return _channels_last(shape, span, (shape[2], *shape[:2]), f"for an image of {shape[0]}×{shape[1]}")
    if len(shape) == 4 and is_channels_last(shape) and shape[1] not in IMAGE_CHANNELS:
        image = (shape[3], *shape[1:3])
        return _channels_last(shape, span, image, f"for images of {shape[1]}×{shape[2]}, without the batch")
    if len(shape) == 4 and shape[1] in (1, 3) and min(shape[2:]) >= MIN_IMAGE:
        volume = f"{format_shape(shape)} means a volume of depth {shape[1]} with {shape[0]} channels"
        message = f"`{name}` {volume}; if {shape[0]} is the batch size, remove it"
        fix = write(span, format_value(shape[1:]), "remove the batch")
        return Problem("batch-in-input", message, span, fixes=(fix,))
    return None


def _channels_last(shape: Shape, span: Span, image: Shape, why: str) -> Problem:
    sizes = "×".join(map(str, shape[1:]))
    message = f"channels come first: {format_shape(shape)} means {shape[0]} channel{'s' * (shape[0] > 1)} of {sizes}"
    return Problem("channels-last", message, span, fixes=(write(span, format_value(image), why),))


def may_be_image(shape: Shape) -> bool:
    """Whether channels and a length may be intended as the height and width of an image.

    >>> may_be_image((4, 4)), may_be_image((28, 28)), may_be_image((480, 640)), may_be_image((1, 16000))
    (True, True, True, False)
    """
    return len(shape) == 2 and shape[0] > 1 and (shape[0] == shape[1] or is_image(*shape))
