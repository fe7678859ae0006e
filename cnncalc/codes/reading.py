"""Codes of files that cannot be read, or are no YAML that the language reads."""

from __future__ import annotations

from cnncalc.codes import Entry

ENTRIES = {
    "unreadable": Entry(
        "The path names nothing, or something that cannot be opened: a folder, a device, a file without permission."
        " ARCH is a path, the name of a bundled architecture (`cnncalc list` shows them), or - for standard input."
    ),
    "not-text": Entry(
        "Architecture files are UTF-8 text. A byte stands here that is none, most often because an editor saved the"
        " file in an older encoding, or a control character that YAML does not allow. Save the file as UTF-8.",
        'name: "a\x07b"\ninput: [3, 8, 8]\nlayers:\n  - relu\n',
        'name: "a b"\ninput: [3, 8, 8]\nlayers:\n  - relu\n',
    ),
    "too-large": Entry(
        "So that no file can take all memory or time, there are bounds: 1 MiB a file, 100,000 layers, 100 levels of"
        " parentheses and of blocks, numbers up to 10^18, axes up to 10^9. Nearly always a number was mistyped.",
        "input: [3, 8, 8]\nlayers:\n  - conv(10 ** 40, 3)\n",
        "input: [3, 8, 8]\nlayers:\n  - conv(40, 3)\n",
    ),
    "yaml-syntax": Entry(
        "Before anything else a file must be YAML: keys and values with `: ` between them, lists with `- `, nesting by"
        " spaces. The message says what was probably meant. Texts with `: ` or ` #` in them stand in quotes. As long"
        " as YAML cannot be read, nothing further is checked.",
        "name: VGG: very deep\ninput: [3, 8, 8]\nlayers:\n  - relu\n",
        'name: "VGG: very deep"\ninput: [3, 8, 8]\nlayers:\n  - relu\n',
    ),
    "yaml-feature": Entry(
        "Anchors (`&a`), aliases (`*a`), merge keys (`<<`), tags (`!!int`) and several documents in a file are YAML,"
        " but no part of this language: what is repeated is written as a block, which has a name and parameters and"
        " can be read without looking elsewhere.",
        "input: [3, 8, 8]\nlayers:\n  - &first conv(4, 3)\n",
        "input: [3, 8, 8]\nlayers:\n  - conv(4, 3)\n",
    ),
    "duplicate-key": Entry(
        "A mapping has a key twice. YAML would silently keep one of the two; which one is meant is for you to say.",
        "input: [3, 8, 8]\nlayers:\n  - relu\ninput: [1, 8, 8]\n",
        "input: [3, 8, 8]\nlayers:\n  - relu\n",
    ),
}
