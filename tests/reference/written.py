"""Networks that torchvision does not have, written with PyTorch after the code of their authors.

Each function takes a `Written` and an image and gives the output, or outputs by name. The sources are those that the
architecture files name; layers run in the order of that code.
"""

from __future__ import annotations

from typing import Any

from .layerwise import Written


def yolo_conv(n: Written, x: Any, out: int, kernel: int = 1, stride: int = 1, padding: int | None = None) -> Any:
    """A convolution, batch norm and SiLU: `Conv` of YOLOv5 and v8."""
    return n.functional.silu(n.norm(n.conv(x, out, kernel, stride, padding, bias=False), 1e-3))


def yolo_pyramid(n: Written, x: Any) -> Any:
    """Pools of 5, 9 and 13 as one after the other: `SPPF`."""
    y = [yolo_conv(n, x, x.shape[1] // 2)]
    for _ in range(3):
        y.append(n.functional.max_pool2d(y[-1], 5, 1, 2))
    return yolo_conv(n, n.cat(*y), x.shape[1])


def yolov5s(n: Written, x: Any, classes: int = 80) -> Any:
    """Version 6: widths halved and depths ×0.33 of the large one."""

    def c3(x: Any, out: int, depth: int, shortcut: bool = True) -> Any:
        deep = yolo_conv(n, x, out // 2)
        for _ in range(depth):
            y = yolo_conv(n, yolo_conv(n, deep, out // 2), out // 2, 3)
            deep = deep + y if shortcut else y
        return yolo_conv(n, n.cat(deep, yolo_conv(n, x, out // 2)), out)

    def twice(x: Any) -> Any:
        return n.functional.interpolate(x, scale_factor=2)

    def detect(x: Any) -> Any:
        y = n.conv(x, 3 * (classes + 5)).sigmoid()
        y = y.view(x.shape[0], 3, classes + 5, *x.shape[2:]).permute(0, 1, 3, 4, 2)
        return y.reshape(x.shape[0], -1, classes + 5)

    x = c3(yolo_conv(n, yolo_conv(n, x, 32, 6, 2, 2), 64, 3, 2), 64, 1)
    c4 = c3(yolo_conv(n, x, 128, 3, 2), 128, 2)
    c6 = c3(yolo_conv(n, c4, 256, 3, 2), 256, 3)
    c9 = yolo_pyramid(n, c3(yolo_conv(n, c6, 512, 3, 2), 512, 1))
    c10 = yolo_conv(n, c9, 256)
    c13 = c3(n.cat(twice(c10), c6), 256, 1, False)
    c14 = yolo_conv(n, c13, 128)
    c17 = c3(n.cat(twice(c14), c4), 128, 1, False)
    c20 = c3(n.cat(yolo_conv(n, c17, 128, 3, 2), c14), 256, 1, False)
    c23 = c3(n.cat(yolo_conv(n, c20, 256, 3, 2), c10), 512, 1, False)
    return n.cat(detect(c17), detect(c20), detect(c23))


def yolov8n(n: Written, x: Any, classes: int = 80, bins: int = 16) -> Any:
    """Widths ×0.25 and depths ×0.33; the head of versions before 11."""

    def c2f(x: Any, out: int, depth: int, shortcut: bool = False) -> Any:
        y = [*yolo_conv(n, x, out).chunk(2, 1)]
        for _ in range(depth):
            new = yolo_conv(n, yolo_conv(n, y[-1], out // 2, 3), out // 2, 3)
            y.append(y[-1] + new if shortcut else new)
        return yolo_conv(n, n.cat(*y), out)

    def twice(x: Any) -> Any:
        return n.functional.interpolate(x, scale_factor=2)

    def head(x: Any, width: int, values: int) -> Any:
        return n.conv(yolo_conv(n, yolo_conv(n, x, width, 3), width, 3), values).flatten(2)

    x = c2f(yolo_conv(n, yolo_conv(n, x, 16, 3, 2), 32, 3, 2), 32, 1, True)
    c4 = c2f(yolo_conv(n, x, 64, 3, 2), 64, 2, True)
    c6 = c2f(yolo_conv(n, c4, 128, 3, 2), 128, 2, True)
    c9 = yolo_pyramid(n, c2f(yolo_conv(n, c6, 256, 3, 2), 256, 1, True))
    c12 = c2f(n.cat(twice(c9), c6), 128, 1)
    c15 = c2f(n.cat(twice(c12), c4), 64, 1)
    c18 = c2f(n.cat(yolo_conv(n, c15, 64, 3, 2), c12), 128, 1)
    c21 = c2f(n.cat(yolo_conv(n, c18, 128, 3, 2), c9), 256, 1)
    maps = (c15, c18, c21)
    boxes = n.cat(*(head(each, max(16, 64 // 4, 4 * bins), 4 * bins) for each in maps), axis=2)
    shares = boxes.view(x.shape[0], 4, bins, -1).transpose(2, 1).softmax(1)
    distances = n.conv(shares, 1, bias=False).view(x.shape[0], 4, -1)
    scores = n.cat(*(head(each, max(64, min(classes, 100)), classes) for each in maps), axis=2)
    return n.cat(distances, scores.sigmoid())


def edsr(n: Written, x: Any, factor: int = 2, features: int = 64, depth: int = 16, shrink: float = 1) -> Any:
    """Without the layers that subtract and add the mean colour."""
    colours = x.shape[1]
    head = n.conv(x, features, 3)
    y = head
    for _ in range(depth):
        y = y + shrink * n.conv(n.functional.relu(n.conv(y, features, 3)), features, 3)
    y = head + n.conv(y, features, 3)
    for step in {2: [2], 3: [3], 4: [2, 2]}[factor]:
        y = n.functional.pixel_shuffle(n.conv(y, step * step * features, 3), step)
    return n.conv(y, colours, 3)


def unetpp(n: Written, x: Any, classes: int = 1) -> Any:
    """Node by node, row i and column j, column after column of each diagonal."""
    node: dict[tuple[int, int], Any] = {}
    widths = [32, 64, 128, 256, 512]
    for last in range(5):
        for column in range(last + 1):
            row = last - column
            if column:
                below = node[row + 1, column - 1]
                up = n.run(n.nn.ConvTranspose2d(below.shape[1], widths[row], 2, 2), below)
                y = n.cat(up, *(node[row, before] for before in range(column)))
            else:
                y = n.functional.max_pool2d(node[row - 1, 0], 2) if row else x
            for _ in range(2):
                y = n.functional.relu(n.conv(y, widths[row], 3))
            node[row, column] = y
    return n.conv(node[0, 4], classes).sigmoid()


def resnest50d(n: Written, x: Any, classes: int = 1000) -> Any:
    """Radix 2, one group, stem of 32 channels, average pools before projections and after the 3×3."""
    relu, functional = n.functional.relu, n.functional

    def attention(x: Any, width: int) -> Any:
        parts = relu(n.conv_norm(x, 2 * width, 3, groups=2)).chunk(2, 1)
        gap = relu(n.norm(n.conv(functional.adaptive_avg_pool2d(sum(parts), 1), max(2 * width // 4, 32))))
        shares = n.conv(gap, 2 * width).view(x.shape[0], 2, width).softmax(1).reshape(x.shape[0], -1, 1, 1)
        return sum(share * part for share, part in zip(shares.chunk(2, 1), parts, strict=True))

    x = relu(n.conv_norm(relu(n.conv_norm(relu(n.conv_norm(x, 32, 3, 2)), 32, 3)), 64, 3))
    x = functional.max_pool2d(x, 3, 2, 1)
    for width, depth in zip((64, 128, 256, 512), (3, 4, 6, 3), strict=True):
        for index in range(depth):
            halves = width > 64 and index == 0
            y = attention(relu(n.conv_norm(x, width)), width)
            y = n.conv_norm(functional.avg_pool2d(y, 3, 2, 1) if halves else y, 4 * width)
            if index == 0:
                x = functional.avg_pool2d(x, 2, 2, ceil_mode=True, count_include_pad=False) if halves else x
                x = n.conv_norm(x, 4 * width)
            x = relu(x + y)
    return n.linear(functional.adaptive_avg_pool2d(x, 1).flatten(1), classes)


def pspnet(n: Written, x: Any, classes: int = 150) -> dict[str, Any]:
    """ResNet-50 with a stem of three convolutions; the last two stages dilate in place of their strides."""
    relu, functional = n.functional.relu, n.functional
    image = x

    def predict(x: Any, width: int) -> Any:
        y = n.conv(relu(n.conv_norm(x, width, 3)), classes)
        return n.resize(y, image, mode="bilinear", align_corners=True)

    x = relu(n.conv_norm(relu(n.conv_norm(relu(n.conv_norm(x, 64, 3, 2)), 64, 3)), 128, 3))
    x = functional.max_pool2d(x, 3, 2, 1)
    outputs = {}
    for width, depth, stride, dilation in ((64, 3, 1, 1), (128, 4, 2, 1), (256, 6, 1, 2), (512, 3, 1, 4)):
        for index in range(depth):
            s = stride if index == 0 else 1
            y = relu(n.conv_norm(x, width))
            y = n.conv_norm(relu(n.conv_norm(y, width, 3, s, dilation, dilation=dilation)), 4 * width)
            x = relu(y + (n.conv_norm(x, 4 * width, 1, s) if index == 0 else x))
        if width == 256:
            outputs["auxiliary"] = predict(x, 256)
    levels = [x]
    for size in (1, 2, 3, 6):
        y = relu(n.conv_norm(functional.adaptive_avg_pool2d(x, size), x.shape[1] // 4))
        levels.append(n.resize(y, x, mode="bilinear", align_corners=True))
    return outputs | {"": predict(n.cat(*levels), 512)}


def pointnet(n: Written, x: Any, classes: int = 40) -> Any:
    """`pointnet_cls_basic`: the same layers for every point, the largest over the points, and three dense layers."""
    relu = n.functional.relu
    for out in (64, 64, 64, 128, 1024):
        x = relu(n.norm(n.conv(x, out)))
    x = x.amax(2)
    for out in (512, 256):
        x = relu(n.norm(n.linear(x, out)))
    return n.linear(x, classes)


def bisenet(n: Written, x: Any, classes: int = 19) -> dict[str, Any]:
    """ResNet-18 for the context and three strided convolutions for the details, with both auxiliary heads."""
    relu, functional = n.functional.relu, n.functional

    def unit(x: Any, out: int, kernel: int = 1, stride: int = 1) -> Any:
        return relu(n.conv_norm(x, out, kernel, stride))

    def pooled(x: Any) -> Any:
        return functional.adaptive_avg_pool2d(x, 1)

    def head(x: Any, width: int, factor: int) -> Any:
        y = n.conv(unit(x, width, 3), classes)
        return functional.interpolate(y, scale_factor=factor, mode="bilinear", align_corners=True)

    details = unit(unit(unit(unit(x, 64, 7, 2), 64, 3, 2), 64, 3, 2), 128)
    stages = [functional.max_pool2d(unit(x, 64, 7, 2), 3, 2, 1)]
    for width in (64, 128, 256, 512):
        y = stages[-1]
        for stride in (1 if width == 64 else 2, 1):
            z = n.conv_norm(unit(y, width, 3, stride), width, 3)
            y = relu(z + (n.conv_norm(y, width, 1, stride) if y.shape != z.shape else y))
        stages.append(y)
    eighth, sixteenth, last = stages[2:]
    context = n.resize(unit(pooled(last), 128), last, mode="bilinear", align_corners=True)
    refined = []
    for map, above in ((last, sixteenth), (sixteenth, eighth)):
        y = unit(map, 128, 3)
        y = y * n.conv_norm(pooled(y), 128).sigmoid() + context
        context = unit(n.resize(y, above, mode="bilinear", align_corners=True), 128, 3)
        refined.append(context)
    outputs = {"16": head(refined[0], 256, 16), "8": head(refined[1], 256, 8)}
    y = unit(n.cat(details, context), 256)
    gate = n.conv(relu(n.conv(pooled(y), 256, bias=False)), 256, bias=False).sigmoid()
    return outputs | {"": head(y + y * gate, 64, 8).log_softmax(1)}


def segnet(n: Written, x: Any, classes: int = 11) -> Any:
    """The convolutions of VGG-16, and the same back again, each pool undone at the places that it found."""
    functional = n.functional

    def unit(x: Any, out: int) -> Any:
        return functional.relu(n.norm(n.conv(x, out, 3)))

    pools = []
    for widths in ([64] * 2, [128] * 2, [256] * 3, [512] * 3, [512] * 3):
        for out in widths:
            x = unit(x, out)
        y, places = functional.max_pool2d(x, 2, 2, ceil_mode=True, return_indices=True)
        pools.append((places, x.shape[2:]))
        x = y
    for widths in ([512] * 3, [512, 512, 256], [256, 256, 128], [128, 64], [64]):
        places, size = pools.pop()
        x = functional.max_unpool2d(x, places, 2, 2, output_size=size)
        for out in widths:
            x = unit(x, out)
    return n.conv(x, classes, 3).softmax(1)


def enet(n: Written, x: Any, classes: int = 20) -> Any:
    """A large encoder, and a small decoder that undoes two of its pools."""
    functional = n.functional

    def norm(x: Any) -> Any:
        return n.norm(x, 1e-3)

    def prelu(x: Any) -> Any:
        return n.run(n.nn.PReLU(x.shape[1]), x)

    def extension(x: Any, out: int, middle: Any, step: int = 1, act: Any = prelu) -> Any:
        y = act(norm(n.conv(x, out // 4, step, step, 0, bias=False)))
        return norm(n.conv(act(norm(middle(y))), out, bias=False))

    def plain(dilation: int = 1) -> Any:
        return lambda y: n.conv(y, y.shape[1], 3, 1, dilation, dilation=dilation)

    def asymmetric(y: Any) -> Any:
        return n.conv(n.conv(y, y.shape[1], (1, 5), 1, (0, 2), bias=False), y.shape[1], (5, 1), 1, (2, 0))

    def enlarge(y: Any) -> Any:
        return n.run(n.nn.ConvTranspose2d(y.shape[1], y.shape[1], 3, 2, 1, 1), y)

    def down(x: Any, out: int) -> tuple[Any, Any]:
        y = extension(x, out, plain(), 2)
        pooled, places = functional.max_pool2d(x, 2, 2, return_indices=True)
        zeros = pooled.new_zeros(pooled.shape[0], out - x.shape[1], *pooled.shape[2:])
        return prelu(y + n.cat(pooled, zeros)), places

    def up(x: Any, out: int, places: Any) -> Any:
        y = extension(x, out, enlarge, act=functional.relu)
        main = norm(n.conv(x, out, bias=False))
        return functional.relu(y + functional.max_unpool2d(main, places, 2, 2))

    x = prelu(norm(n.cat(n.conv(x, 13, 3, 2), functional.max_pool2d(x, 2, 2))))
    x, first = down(x, 64)
    for _ in range(4):
        x = prelu(extension(x, 64, plain()) + x)
    x, second = down(x, 128)
    for middle in 2 * [plain(), plain(2), asymmetric, plain(4), plain(), plain(8), asymmetric, plain(16)]:
        x = prelu(extension(x, 128, middle) + x)
    x = up(x, 64, second)
    for _ in range(2):
        x = functional.relu(extension(x, 64, plain(), act=functional.relu) + x)
    x = up(x, 16, first)
    x = functional.relu(extension(x, 16, plain(), act=functional.relu) + x)
    return n.run(n.nn.ConvTranspose2d(16, classes, 2, 2), x)


def crnn(n: Written, x: Any, classes: int = 37, hidden: int = 256) -> Any:
    """Columns of a map become a sequence; a linear layer of every position is a convolution of 1."""
    pool, relu = n.functional.max_pool2d, n.functional.relu
    widths = [64, 128, 256, 256, 512, 512, 512]
    for number, out in enumerate(widths):
        last = number == len(widths) - 1
        x = n.conv(x, out, 2 if last else 3, 1, 0 if last else 1)
        x = relu(n.norm(x) if number in (2, 4, 6) else x)
        if number in (0, 1):
            x = pool(x, 2, 2)
        elif number in (3, 5):
            x = pool(x, 2, (2, 1), (0, 1))
    x = x.squeeze(2)
    for out in (hidden, classes):
        x = n.conv(n.recurrent("lstm", x, hidden, bidirectional=True), out)
    return x


def deepspeech2(n: Written, x: Any, classes: int = 29, hidden: int = 1024, depth: int = 5) -> Any:
    """The outputs of both directions are added; all recurrent layers but the first read a batch norm."""
    for kernel, stride in (((41, 11), (2, 2)), ((21, 11), (2, 1))):
        padding = (kernel[0] // 2, kernel[1] // 2)
        x = n.functional.hardtanh(n.norm(n.run(n.nn.Conv2d(x.shape[1], 32, kernel, stride, padding), x)), 0, 20)
    x = x.flatten(1, 2)
    for number in range(depth):
        y = n.recurrent("lstm", n.norm(x) if number else x, hidden, bidirectional=True)
        x = y.unflatten(1, (2, -1)).sum(1)
    return n.conv(n.norm(x), classes, bias=False).softmax(1)


def kws_lstm(n: Written, x: Any) -> Any:
    """TensorFlow's BasicLSTMCell has one bias vector."""
    return n.linear(n.recurrent("lstm", x, 118, biases=1)[..., -1], 12)


def kws_gru(n: Written, x: Any) -> Any:
    """TensorFlow's GRUCell has one bias vector, and resets the state before the product."""
    return n.linear(n.recurrent("gru", x, 154, biases=1, reset_after=False)[..., -1], 12)


def capsnet(n: Written, x: Any, classes: int = 10) -> Any:
    """Eight channels of the second convolution are a capsule; routing as procedure 1 of the paper says it."""

    def squash(s: Any) -> Any:
        square = (s * s).sum(-1, keepdim=True)
        return square / (1 + square) * s / square.sqrt()

    x = n.conv(n.functional.relu(n.conv(x, 256, 9, 1, 0)), 256, 9, 2, 0)
    capsules = squash(x.unflatten(1, (32, 8)).flatten(3).transpose(2, 3).flatten(1, 2))
    weights = n.learned(capsules.shape[1], 16 * classes, 8)
    predicted = n.matmul(weights, capsules.unsqueeze(-1)).unflatten(2, (classes, 16)).squeeze(-1).transpose(1, 2)
    logits = n.torch.zeros_like(predicted[..., :1])
    shares = logits.softmax(1)
    digits = squash((shares * predicted).sum(2, keepdim=True))
    for _ in range(2):
        logits = logits + n.matmul(predicted, digits.transpose(2, 3))
        digits = squash(n.matmul(logits.softmax(1).transpose(2, 3), predicted))
    return (digits * digits).sum(-1).sqrt().flatten(1)
