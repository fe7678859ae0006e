"""Tables in other languages: their headings, and the names and words of their totals.

Messages, codes, JSON, and what comes from a file stay as they are. To add a language, add its tables here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

from cnncalc.analysis.figures import FIGURES
from cnncalc.render.document import Block, Column, Pairs, Table

# Headings of columns, and names of totals.
_ZH_NAMES = {
    "layer": "层", "call": "调用", "kind": "类型", "line": "行", "settings": "设置", "input": "输入", "output": "输出",
    "parameters": "参数", "params": "参数", "weights": "权重", "biases": "偏置", "buffers": "缓冲",
    "macs": "乘加", "attention macs": "注意力乘加", "attn. macs": "注意力乘加",
    "input gradient macs": "对输入求梯度的乘加", "bwd. inputs": "反向·输入",
    "weight gradient macs": "对权重求梯度的乘加", "bwd. weights": "反向·权重",
    "flops": "浮点运算", "multiplications": "乘法", "mults": "乘法", "additions": "加法", "adds": "加法",
    "comparisons": "比较", "cmps": "比较", "divisions": "除法", "divs": "除法", "exponentials": "指数", "exps": "指数",
    "activations": "激活值", "acts": "激活值", "activation bytes": "激活值字节", "act. bytes": "激活字节",
    "parameter bytes": "参数字节", "par. bytes": "参数字节", "peak memory": "内存峰值", "peak mem.": "内存峰值",
    "peak memory in place": "原地内存峰值", "peak mem. in place": "原地峰值", "weights memory": "权重内存",
    "weights mem.": "权重内存", "training memory": "训练内存", "training mem.": "训练内存", "bytes moved": "访存字节",
    "moved": "访存", "intensity": "计算强度", "least time": "最短时间", "receptive field": "感受野", "field": "感受野",
    "layers": "层数", "depth": "深度", "stride": "步长", "start": "起点", "nth": "序号",
    "contents": "内容", "share": "占比",
    "parameters share": "参数占比", "macs share": "乘加占比", "multiplications share": "乘法占比",
    "dense/sparse": "全连接/稀疏", "sparse/shared": "稀疏/共享", "dense/shared": "全连接/共享",
    "by kind": "按类型", "notes": "备注", "incomplete": "不完整", "dense": "全连接", "sparse": "稀疏",
    "shared": "共享", "ratio": "比值", "asked": "所问", "answer": "答案", "probably": "可能的原因", "total": "合计",
    "total so far": "到此合计",
    "family": "系列", "name": "名称", "title": "全称", "year": "年份", "published": "公布值", "ours": "本程序",
    "difference": "差别", "source": "来源",
}  # fmt: skip
# Words of totals, and of cells that say what a number is.
_ZH_WORDS = {
    f"{FIGURES['macs'].unit} {FIGURES['macs'].about}": "次乘加：卷积、全连接与注意力，不含偏置，含填充的零",
    FIGURES["multiplications"].about: "次（推理时的所有层，含乘加）",
    f"{FIGURES['activations'].unit} {FIGURES['activations'].about}, ": "个元素（所有输出合计），",
    f"{FIGURES['activations'].unit} {FIGURES['activations'].about}": "个元素（所有输出合计）",
    "layers with weights on the longest path": "层（最长路径上有权重的层数）",
    "layer with weights on the longest path": "层（最长路径上有权重的层数）",
    ", not counted": "，不计入", " (weights ": "（权重 ", " + biases ": " + 偏置 ", "; buffers ": "；缓冲 ",
    ", not counted)": "，不计入）", ", not counted), ": "，不计入），",
    " as float": "，按 float", " as int": "，按 int",
    " as uint": "，按 uint", " as bfloat": "，按 bfloat", " macs": " 次乘加", " weights": " 个权重",
    "FLOPs (2 per mac)": "FLOPs（每次乘加算 2 次）",
    " in steps of ": "，步长 ", ", the first starting at ": "，首个单元起于 ", ", at ": "，位于 ",
    "at most ": "至多 ", "every unit sees the whole input": "每个单元都看到整个输入",
    "branches that meet look at different positions; the receptive field is their union":
        "相会的分支看到不同的位置；感受野是它们的并集",
    "through gates, or norms and softmaxes over positions, units see more of the input as well":
        "经过门控、或对位置的归一化与 softmax，单元还看到输入的更多部分",
    "units near the border see other positions instead of those beyond it, as `pad` repeats the map":
        "边缘的单元看到别的位置来代替界外的位置，因为 `pad` 重复了特征图",
    "at most: not followed channel by channel, element by element or unit by unit":
        "至多：没有逐通道、逐元素或逐单元地追踪",
    "the receptive field varies from unit to unit; the largest is shown": "各单元的感受野不同；这里是最大的",
    "the weights of another layer, counted there": "另一层的权重，在那里计数",
    "an error follows the last layer shown; the totals are of the layers above":
        "最后一层之后有错误；合计只到这一层",
}  # fmt: skip
LANGUAGES = {"zh": (_ZH_NAMES, _ZH_WORDS)}
FROM_FILES = ("notes",)  # names of totals whose text is the author's


def translate(blocks: Iterable[Block], language: str) -> Iterator[Block]:
    """A document with the headings of its tables, and its totals, in a language; all else as it is."""
    if language not in LANGUAGES:
        yield from blocks
        return
    names, _ = LANGUAGES[language]
    for block in blocks:
        if isinstance(block, Table):
            yield block._replace(columns=[_translate_column(column, names) for column in block.columns])
        elif isinstance(block, Pairs):
            pairs = [
                (_name(name, names), text if name in FROM_FILES else _words(text, language))
                for name, text in block.pairs
            ]
            yield block._replace(pairs=pairs)
        else:
            yield block


def _translate_column(column: Column, names: dict[str, str]) -> Column:
    """A column; one without a heading has those of the rows, in the style of a head."""
    footer = column.footer
    if footer is not None:
        footer = footer._replace(text=names.get(footer.text, footer.text))
    if column.header:
        return column._replace(header=names.get(column.header, column.header), footer=footer)
    cells = [
        cell._replace(text=names.get(cell.text, cell.text)) if cell.style == "head" else cell for cell in column.cells
    ]
    return column._replace(cells=cells, footer=footer)


def _name(name: str, names: dict[str, str]) -> str:
    """The name of a total, `output p3` and `receptive field, left` by what is before the name of the file."""
    for mark in (", ", " "):
        first, found, rest = name.partition(mark)
        if found and first in names and name not in names:
            return f"{names[first]}{mark}{rest}"
    return names.get(name, name)


def _words(text: str, language: str) -> str:
    return _pattern(language).sub(lambda found: LANGUAGES[language][1][found[0]], text)


@cache
def _pattern(language: str) -> re.Pattern[str]:
    """Any of the words of a language, longer ones before their parts."""
    words = sorted(LANGUAGES[language][1], key=len, reverse=True)
    return re.compile("|".join(re.escape(word) for word in words))
