"""The networks of others: ONNX, Keras and PyTorch, read into a graph of our kinds and written as text.

- `graph`: what every reader makes: layers of our kinds, the modules that call them, and what cannot be said.
- `arrangement`: how the axes of a tensor of theirs lie on the axes of a layer's output, so that views cost nothing.
- `views`: views, permutations and slices of tensors; `operations`: what else several readers say in the same way,
  e.g. merges, means, linear layers of maps.
- `write_flat`: a graph as the text of an architecture file, a layer a line; it is read through the door of every file.
- `write_blocks`: the same with blocks, where they say the graph exactly (`check`): `structure` finds the modules,
  `blocks` those that are alike, `body` writes each chain, `lines` and `names` what is in a line.
- `readers`: which reader reads a file, by its first bytes. `cnncalc/reading.py` makes a Reading of its graph, so that
  every command takes the file; `reading.read_graph` does the same for a graph at hand.
- `from_onnx`, `from_keras`, `from_torch`, `from_printed`: one reader for each source. Only `from_torch` imports torch,
  when it is used.

A reader, in short:

    graph = Graph({"input": (3, 224, 224)}, batch=1, name="resnet50")
    x = graph.input()                            # a Tensor of the source: [1, 3, 224, 224]
    graph.scope = graph.open_scope("layer1.0", "Bottleneck", parent=TOP)   # a call of a module of theirs
    x = apply(graph, "conv", x, {"weight": Array("layer1.0.conv1.weight", (64, 3, 7, 7))}, out=64, kernel=(7, 7),
              bias=False)
    x = pointwise(graph, "relu", x)              # whatever the arrangement of x is
    x = permute(x, (0, 2, 3, 1))                 # costs no layer until somebody needs the tensor so
    graph.outputs = {"": graph.materialize(x)}
    text = write_flat(graph)

Shapes, arrays and bounds are checked by the rules of our layers when a layer is added: `Graph.add` raises `Refusal`
where there is no such layer, or where its arrays are not those of the source. A reader catches it for each call of the
source (`graph.refuse(refusal, …)`) and goes on with `graph.stand_in(shape)`, so that all refusals come at once. Arrays
are known by their keys: a layer all of whose keys an earlier one has applies its weights again (`reuse`).
"""
