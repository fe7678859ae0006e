"""torchinfo: mult-adds of leaf modules, from their parameters and the size of the output."""

from __future__ import annotations

from cnncalc.conventions.convention import Convention
from cnncalc.conventions.counts import BY_OUTPUT, NOTHING, B, M, P, at, ignored, norms, quantity, wrong

BY_CHANNELS = wrong(
    quantity("P C", "parameters times channels of the output", lambda call: call.parameters * call.output[0]),
    "the first two axes of the output are taken for samples and positions",
)

CONVENTION = Convention(
    name="torchinfo",
    title="torchinfo",
    version="1.8.0",
    url="https://github.com/TylerYep/torchinfo/blob/v1.8.0/torchinfo",
    unit="mult-adds",
    per_mac=1,
    operations={
        **ignored("model_statistics.py#L31-L48", "only modules are seen, not functions"),
        **norms("layer_info.py#L225-L245", P, P, NOTHING),
        **at(
            "layer_info.py#L225-L245",
            conv=M + B,
            conv_same=M + B,
            conv_standardized=M + B,
            table_conv=M + B,
            locally_connected=M + B,
            transposed_conv=wrong(BY_OUTPUT + B, "the kernel is applied at each output position"),
            linear=M + B,
            linear_map=wrong(P, "one position only is counted"),
            rms_norm=P,
            prelu=P,
            loose={"class": P, "operator": NOTHING},  # a leaf, or an array of a module that has others in it
            position_bias=BY_CHANNELS,
            lstm=BY_CHANNELS,
            gru=BY_CHANNELS,
            rnn=BY_CHANNELS,
            recurrent_module=BY_CHANNELS,
        ),
    },
    parameters={},
)
