"""timm's convolutional networks: exact in parameters, buffers and macs, or refused as a whole list, never wrong.

timm is not among the packages of the development tests; where it is installed, a sample is read.
"""

from __future__ import annotations

import warnings
from typing import Any

import pytest

from cnncalc.reading import read_graph

from .interpreter import differences, fill

pytestmark = pytest.mark.torch

# of 155 networks of timm 1.0.31, one of each architecture, and some transformers
EXACT_NAMES = """
convformer_s18 convmixer_768_32 convnext_atto convnext_tiny convnext_tiny_hnf convnext_zepto_rms
convnext_zepto_rms_ols convnextv2_nano cs3darknet_focus_l cs3darknet_l cs3edgenet_x cs3sedarknet_xdw cspdarknet53
cspnext_s cspresnet50 cspresnext50 darknet53 darknetaa53 densenet121 densenet264d dla34 dla60 dla60_res2net dla60x_c
dm_nfnet_f0 dpn68b dpn92 eca_nfnet_l0 eca_resnet33ts eca_vovnet39b ecaresnet26t ecaresnet50t efficientnet_b0
efficientnet_b3_g8_gn efficientnet_es efficientnet_x_b3 efficientnetv2_s efficientvit_b0 ese_vovnet19b_dw
fasternet_t0 fastvit_mci0 fastvit_t8 fbnetc_100 fbnetv3_b focalnet_tiny_srf gcresnet33ts gcresnet50t gernet_l
ghostnet_100 ghostnetv2_100 ghostnetv3_100 hardcorenas_a hgnet_tiny hgnetv2_b0 hrnet_w18 hrnet_w18_ssld
inception_next_tiny inception_resnet_v2 inception_v3 inception_v4 lcnet_100 lcnetv2_base legacy_senet154
legacy_seresnet50 legacy_xception mambaout_femto mixnet_s mnasnet_100 mobilenet_edgetpu_100 mobilenetv1_100
mobilenetv2_100 mobilenetv3_large_100 mobilenetv3_small_100 mobilenetv4_conv_aa_medium mobilenetv4_conv_small
mobilenetv5_base mobileone_s2 mobilevit_xxs mobilevitv2_050 nasnetalarge nf_ecaresnet50 nf_regnet_b0 nf_resnet50
nfnet_f0 pnasnet5large poolformer_s12 poolformerv2_s12 rdnet_tiny regnetv_040 regnetx_004 regnety_004 regnetz_005
regnetz_b16 repghostnet_100 repvgg_a1 repvgg_b1g4 repvit_m1 res2net50_26w_4s res2net50d res2next50 resmlp_12_224
resnest14d resnest50d resnet18 resnet26d resnet32ts resnet50 resnet50_clip resnet50_clip_gap resnet50s resnet51q
resnet61q resnetaa50d resnetrs50 resnetv2_50 resnetv2_50d_frn resnetv2_50d_gn resnetv2_50x1_bit resnext26ts
resnext50_32x4d rexnet_100 rexnetr_100 sedarknet21 selecsls42b semnasnet_100 seresnet33ts seresnet50
seresnext26t_32x4d shvit_s1 skresnet18 skresnet50 spnasnet_100 starnet_s1 swiftformer_xs test_efficientnet
tf_efficientnet_b0 tf_efficientnetv2_b0 tf_mixnet_s tf_mobilenetv3_large_100 tinynet_a vgg11_bn visformer_tiny
vovnet39a wide_resnet50_2 xception41 xception41p xception71 vit_tiny_patch16_224 deit_tiny_patch16_224 mixer_s32_224
gmlp_s16_224 coat_lite_tiny pvt_v2_b0 twins_pcpvt_small
"""
EXACT = EXACT_NAMES.split()

# and why the others are not read
REFUSED = {
    "bat_resnext26ts": "a view of an expanded tensor",
    "densenetblur121d": "a buffer, which is not learned",
    "edgenext_small": "its weights are computed",
    "efficientnet_cc_b0_4e": "its weights depend on the input",
    "regnetz_d8_evos": "a view of an expanded tensor",
    "resnetblur50": "a buffer, which is not learned",
    "resnetv2_50d_evos": "a view of an expanded tensor",
    "tresnet_m": "a buffer, which is not learned",
}


def traced(torch: Any, name: str, size: int | None = None) -> Any:
    """A network of timm without numbers, and its graph."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        timm = pytest.importorskip("timm", reason="timm is not installed")
    from cnncalc.exchange.from_torch import trace, without_numbers

    with without_numbers():
        module = timm.create_model(name).eval()
    shape = module.default_cfg["input_size"] if size is None else (3, size, size)
    return module, trace(module, {"": tuple(shape)}), shape


@pytest.mark.sample(3)
@pytest.mark.parametrize("name", EXACT)
def test_a_network_is_exact(torch: Any, name: str) -> None:
    """All shapes are compared while it is read, call by call; figures with PyTorch's own count of a run on meta."""
    from torch.utils.flop_counter import FlopCounterMode

    module, graph, shape = traced(torch, name)
    found = read_graph(graph, name)
    assert [problem.message for problem in found.problems] == []
    assert found.flat == "" or name == "coat_lite_tiny"
    totals = found.require_report().totals
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        module.to("meta")(torch.empty(1, *shape, device="meta"))
    assert totals.work.macs == counter.get_total_flops() // 2
    assert totals.parameters == sum(each.numel() for each in module.parameters())
    statistics = [each for path, each in module.named_buffers() if path.endswith(("running_mean", "running_var"))]
    assert totals.buffers == sum(each.numel() for each in statistics)


@pytest.mark.sample(1)
@pytest.mark.parametrize("name", ["nfnet_f0", "convnextv2_nano", "resmlp_12_224", "resnest14d", "convnext_zepto_rms"])
def test_a_network_gives_what_it_gave(torch: Any, name: str) -> None:
    from cnncalc.exchange.from_torch import trace

    module, _, shape = traced(torch, name, 224 if name.endswith("224") else 64)
    module = fill(torch, module, 5)
    graph = trace(module, {"": shape})
    x = torch.randn(2, *shape, dtype=torch.float64, generator=torch.Generator().manual_seed(7))
    assert max(differences(torch, module, graph, read_graph(graph, name), [x])) < 1e-9


@pytest.mark.sample(2)
@pytest.mark.parametrize("name", REFUSED)
def test_what_a_network_has_beyond_the_kinds_is_refused(torch: Any, name: str) -> None:
    _, graph, _ = traced(torch, name)
    assert any(REFUSED[name] in problem.message for problem in graph.refusals)
