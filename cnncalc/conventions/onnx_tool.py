"""onnx-tool, on the file that PyTorch's TorchScript exporter writes: elementwise functions weighed by instructions.

The exporter folds a batch norm into the convolution before it, and writes functions in several nodes.
"""

from __future__ import annotations

from collections import Counter
from math import prod

from cnncalc.analysis.report import Report
from cnncalc.conventions.calls import Call
from cnncalc.conventions.convention import Convention
from cnncalc.conventions.counts import BUFFERS, NOTHING, OWN, B, Count, I, M, O, Rules, at, norms, quantity, same, wrong
from cnncalc.conventions.traced import leave_out_unread

FOLDABLE = ("conv", "conv_same")
BATCH_NORMS = ("batch_norm", "batch_norm_shift", "batch_norm_plain")
GONE = ("dropout", "stochastic_depth", "identity")  # kinds that are no node of the file
WEIGHTS = "node.py#L19-L37"


def prepare(calls: list[Call], report: Report) -> list[Call]:
    """The calls as the exporter writes them.

    A batch norm after a convolution that nothing else reads is folded: `amount` are the channels that get a bias.
    """
    readers = Counter(source for layer in report.layers for source in layer.sources)
    readers.update(report.ends)
    last = {call.layer: call for call in calls}
    found = []
    for call in leave_out_unread(calls, report):
        if call.work in BATCH_NORMS:
            source = report.layers[call.layer].sources[0]
            while source >= 0 and report.layers[source].kind in GONE and readers[source] == 1:
                source = report.layers[source].sources[0]
            before = last.get(source)
            if before and before.work in FOLDABLE and readers[source] == 1:
                call = call._replace(work="batch_norm_folded", amount=0 if before.bias else call.output[0])
        found.append(call._replace(work="unknown") if _fails(call) else call)
    return found


def _fails(call: Call) -> bool:
    """Whether the exporter refuses a call, or onnx-tool gets its size wrong."""
    if call.work == "recurrent_module" or (call.work == "avg_pool" and call.form == "class"):
        return True  # it computes what does not depend on the input when it writes the file
    if call.work in ("max_pool", "avg_pool"):
        mixed = len(call.dilation) == 3 and call.dilation[1] != call.dilation[2]  # it takes the second for the third
        return mixed or (call.amount is not None and call.amount != prod(call.output[1:]))
    if call.work in ("adaptive_avg_pool", "adaptive_max_pool"):
        return any(i % o for i, o in zip(call.inputs[0][1:], call.output[1:], strict=True))
    if call.work == "conv_same":
        return len(call.output) == 4  # on three axes it forgets the last two
    return call.work == "matmul" and bool(call.amount)


def matmul(call: Call) -> int:
    """The products, with the batch of the operand that has the larger one."""
    batch = max(prod(shape[:-2]) for shape in call.inputs)
    return batch * prod(call.output[-2:]) * call.inputs[0][-1]


def by_output(call: Call) -> int:
    """ΠO times the output channels of a group: the axes of the kernel are taken for those of a convolution."""
    return call.elements * (call.output[0] // call.groups) * prod(call.kernel)


def windows(call: Call) -> int:
    """The elements of all windows; on three axes those of one axis only."""
    kernel = call.kernel or tuple(i // o for i, o in zip(call.inputs[0][1:], call.output[1:], strict=True))
    return call.elements * (prod(kernel) if len(kernel) < 3 else kernel[0])


def is_global(call: Call) -> bool:
    """Whether a pool has one window."""
    return set(call.output[1:]) == {1}


def adaptive_average(call: Call) -> int:
    """A global pool divides as well; another one is a pool with windows."""
    return call.input_elements + 4 * call.elements if is_global(call) else windows(call)


K = quantity("o K", "elements of windows", windows)
AVERAGED = quantity("i + 4 o, o K", "additions and divisions", adaptive_average)
BY_OUTPUT = quantity("o K C_out/G", "products", by_output)
GIVES_BIAS = quantity("o", "outputs that get a bias", lambda c: c.elements if c.amount else 0)
BIASES = quantity("C", "biases", lambda c: 0 if c.shared else c.amount or 0)
FOLDED = Count(*BIASES.terms, how="which leaves a bias for each channel")
# Sets that it norms, taking the first axis that a norm is over for all of them.
ROWS = quantity("rows", "sets", lambda c: c.elements // c.kernel[0])
BROADCAST = quantity("M", "multiply-accumulates", matmul)
UNREAD = Count(how="which the exporter leaves out")
ONE = quantity("1", "nodes", lambda call: 1)

OPERATIONS: Rules = {
    **same("node.py#L2060-L2072", M + B, "conv", "conv_loose"),
    **at("node.py#L2060-L2072", conv_same={"module": M + B}),
    **at("node.py#L2565-L2577", transposed_conv=wrong(BY_OUTPUT + B, "the kernel is applied at each output position")),
    **same("node.py#L805-L881", M + B, "linear", "linear_map", "linear_loose"),
    **at("node.py#L805-L881", matmul=BROADCAST, unread=UNREAD),
    **at(
        "node.py#L1463-L1490",
        batch_norm_folded=GIVES_BIAS,
    ),
    **norms("node.py#L1463-L1490", 31 * I, kinds=["batch_norm"]),
    **norms("node.py#L2366-L2372", 7 * I + 29 * ROWS, kinds=["layer_norm"]),
    **norms(WEIGHTS, 9 * I, kinds=["group_norm"]),
    **norms(WEIGHTS, 7 * I, kinds=["instance_norm"]),
    **at(
        WEIGHTS,
        relu=O,
        relu6=2 * O,
        leaky_relu=2 * O,
        prelu=2 * O,
        elu=35 * O,
        gelu=7 * O,
        gelu_tanh=84 * O,
        silu=33 * O,
        mish=153 * O,
        hard_swish=5 * O,
        hard_sigmoid=4 * O,
        sigmoid=32 * O,
        tanh=wrong(76 * O, "38 for each, counted twice"),
        softplus=76 * O,
        softmax={"module": 36 * O, "function": 36 * O, "operator": 36 * O + 2 * ONE},
        log_softmax={"module": 80 * O, "function": 80 * O, "operator": 80 * O + 2 * ONE},
        add=O,
        subtract=O,
        multiply=O,
        divide=4 * O,
        maximum=O,
        sqrt=24 * O,
        abs=O,
        power=32 * O,
        compare=O,
        vector_norm=25 * I,
        exp=32 * O,
        log=43 * O,
        clip=2 * O,
    ),
    **at("node.py#L1229-L1293", max_pool=K, avg_pool=K),
    **at("node.py#L1344-L1371", adaptive_avg_pool=AVERAGED, adaptive_max_pool=K),
    **at("node.py#L1784-L1786", mean=I, sum=I, max=I, variance=4 * I),
    **at("node.py#L1179-L1220", upsample_nearest=NOTHING, upsample_linear=4 * O, upsample_bicubic=8 * O),
    **at("node.py#L268-L345", loose=NOTHING, view=NOTHING, chunk=7 * ONE),
    **at("node.py#L805-L881", table_conv=M + B, locally_connected=2 * M + B),
}

CONVENTION = Convention(
    name="onnx-tool",
    title="onnx-tool",
    version="1.0.1",
    url="https://github.com/ThanatosShinji/onnx-tool/blob/v1.0.1/onnx_tool",
    unit="MACs",
    per_mac=1,
    operations=OPERATIONS,
    parameters={
        **norms("graph.py#L1372-L1424", OWN + BUFFERS, kinds=["batch_norm"]),
        **at("graph.py#L1372-L1424", batch_norm_folded=FOLDED, unread=UNREAD),
    },
    prepare=prepare,
    notes=(
        "The figures are those of the file that `torch.onnx.export(dynamo=False, opset_version=17)` writes.",
        "The exporter stores equal tensors once: a network that has not been trained has fewer parameters.",
        "The exporter refuses channel shuffles, unpooling, and adaptive pools whose size does not divide the input's.",
        "It fails on local response norms: the exporter writes an `If`, of which it infers no sizes.",
        "Not known are LSTMs, GRUs, attention, standardized convolutions and products with a transposed matrix, which"
        " the exporter writes in many nodes, and what it computes of constants when it writes the file.",
    ),
)
