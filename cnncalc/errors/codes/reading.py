"""Codes for files that cannot be read, or use a part of YAML that is not part of the language."""

from __future__ import annotations

from cnncalc.errors.codes import Code

CODES = (
    Code(
        "unreadable",
        "The file cannot be opened or read.",
        "The path does not exist, or cannot be opened: a folder, a device, a file without permission. ARCH is a path,"
        " the name of a bundled architecture (`cnncalc list` shows them), or - for standard input.",
    ),
    Code(
        "not-text",
        "The file is not UTF-8 text.",
        "Architecture files are UTF-8 text. The file contains a byte that is not valid UTF-8, usually because an editor"
        " saved it in an older encoding, or a control character that YAML does not allow. Save it as UTF-8.",
        'name: "a\x07b"\ninput: [3, 8, 8]\nlayers:\n  - relu\n',
        'name: "a b"\ninput: [3, 8, 8]\nlayers:\n  - relu\n',
    ),
    Code(
        "foreign-file",
        "The file belongs to another program and is not an architecture file.",
        "The file is recognized by its first bytes or lines: a model or weights of another framework, a printed module,"
        " a program, a picture, an archive. Write its layers as an architecture file: `cnncalc guide language` shows"
        " how.",
        "Net(\n  (conv1): Conv2d(3, 64, kernel_size=(7, 7), stride=(2, 2))\n  (relu): ReLU(inplace=True)\n)\n",
        "input: [3, 32, 32]\nlayers:\n  - conv(64, 7) -> relu\n",
    ),
    Code(
        "no-layer-kind",
        "A network of another program has an operation that no layer kind implements.",
        "An ONNX or Keras file, or a PyTorch module, uses an operation that cannot be written in an architecture file:"
        " no layer kind computes the same. All of them are reported, each with the path of its module, the name of the"
        " operation there, and the shapes of its inputs. Nothing is guessed: figures end before the first one.",
    ),
    Code(
        "bad-answers",
        "A file of answers cannot be marked.",
        "`cnncalc exercise ARCH --check FILE` reads a CSV file whose first line names the columns `blank` and `answer`:"
        " the sheet that `-f csv` writes, filled in. Each blank is answered once, by its number.",
    ),
    Code(
        "no-counterpart",
        "The target of an export has no counterpart of a layer, or of how the file uses it.",
        "`cnncalc export` writes what PyTorch computes in the same way, with a small helper where PyTorch has no module"
        " of its own. What cannot be said is reported as a whole, each with its place, and nothing is written. Write"
        " that part in another way, or export the file's expansion: `cnncalc show --expand`.",
    ),
    Code(
        "too-large",
        "A limit on size, depth or number is exceeded.",
        "Limits prevent a file from using up memory or time: 1 MiB per file, 30,000 layers, 100 levels of parentheses"
        " and of blocks, numbers up to 10^18, axes up to 10^9. Usually a number is mistyped.",
        "input: [3, 8, 8]\nlayers:\n  - conv(10 ** 40, 3)\n",
        "input: [3, 8, 8]\nlayers:\n  - conv(40, 3)\n",
    ),
    Code(
        "yaml-syntax",
        "The file is not well-formed YAML.",
        "A file must be valid YAML: keys and values separated by `: `, lists with `- `, nesting by spaces. The message"
        " suggests what was probably meant. Strings that contain `: ` or ` #` need quotes. Until the YAML is valid,"
        " nothing else is checked.",
        "name: VGG: very deep\ninput: [3, 8, 8]\nlayers:\n  - relu\n",
        'name: "VGG: very deep"\ninput: [3, 8, 8]\nlayers:\n  - relu\n',
    ),
    Code(
        "yaml-feature",
        "Anchors, aliases, merge keys, tags and several documents are not part of the language.",
        "Anchors (`&a`), aliases (`*a`), merge keys (`<<`), tags (`!!int`) and several documents in one file are YAML,"
        " but not part of this language. Write repeated layers as a block: it has a name and parameters, and can be"
        " understood on its own.",
        "input: [3, 8, 8]\nlayers:\n  - &first conv(4, 3)\n",
        "input: [3, 8, 8]\nlayers:\n  - conv(4, 3)\n",
    ),
    Code(
        "duplicate-key",
        "A key occurs twice in one mapping.",
        "A mapping has the same key twice. YAML would silently keep one of the two values; remove the wrong one.",
        "input: [3, 8, 8]\nlayers:\n  - relu\ninput: [1, 8, 8]\n",
        "input: [3, 8, 8]\nlayers:\n  - relu\n",
    ),
)
