"""All limits on input, computation and output, each with its unit and its reason.

What exceeds a limit is refused with a message, or left out with a note. Tests check each limit; the guide's page
"limits" documents those that users may reach.

Read them as `limits.LAYERS` (not `from cnncalc.limits import LAYERS`), so that a test can lower one everywhere. Widths
of columns and other constants of the layout are not limits; they are defined with the layout.
"""

# Input
FILE_BYTES = 2**20  # of a file and those it extends: far above any network, and read in less than a second
YAML_NODES = 150_000  # strings, lists and mappings of a file and those it extends: they take about a second to read
TOKENS = 200_000  # words and operators of a file and those it extends: they take about a second to read
STRING_CHARACTERS = 10_000  # of one string, which may be quoted in a message or tried for repairs
REFERENCES = 5  # other architectures that the conditions of a file name: nobody holds a network against more
EXTENDED_FILES = 20  # in a chain of `extends`: more are unreadable
FORMAT_BYTES = 4_096  # by which a file of another program is recognized
ANSWER_LINES = 100_000  # of a file of answers: more than any network has blanks
EXERCISE_BLANKS = 4_000  # of an exercise, whose layers are all explained: far more than anybody fills in
DATA_BYTES = 2**25  # of input data or weights: all that the executor can use in reasonable time
DATA_MEMORY = 220_000_000  # bytes that JSON takes as numbers: with text and program less than 300 MB
PICTURE_PIXELS = 10**8  # of a picture: more than DATA_BYTES can hold
PNG_BYTES = 2**22  # of the pixels of a PNG with a filter for each row: some three seconds, bombs are cut off
NUMERAL_CHARACTERS = 400  # of a number on the command line or in a CSV: the digits of the largest float are fewer
PAGE_PICTURE = 2**22  # bytes of a picture in the page of `report`, where it takes a third more
KERNEL_ELEMENTS = 1_024  # of a kernel that is given by itself, whose rank is found exactly: far above any real one
PICTURE_HEADER = 2**16  # bytes of a picture's header, comments included: a header of blanks is not searched to its end

# Files of other programs
WIRE_FIELDS = 400_000  # of an ONNX file: they take about a second to read, and 3,000 layers have a tenth of them
WIRE_NUMBERS = 100_000  # of one list in it
KERAS_BYTES = 2**22  # of the JSON of a Keras model, of which 3,000 layers have a tenth
PRINTED_LINES = 10_000  # of a printed module: half a second to read
PRINTED_LINE = 1_000  # characters of one of them, which Python's parser reads
STRUCTURED_LAYERS = 5_000  # of an imported network whose structure is looked for; larger ones are flat
ONNX_NODES = 50_000  # the constants among them
ONNX_AXES = 16  # of an array in it, which may be a view that is never laid out
ONNX_ELEMENTS = 4_096  # of an array whose numbers are read: sizes, axes, scales of channels
ONNX_POSITIONS = 65_536  # pairs of positions of a bias that are compared with those of a window, 256 squared
ONNX_POSITIONS_TOTAL = 2_000_000  # of all biases of a file: about a second

# Contents of a file
NESTING = 100  # levels of lists, parentheses, expressions and blocks: Python's own stack has room for as many
NUMBER = 10**18  # of any number in a file: products of two still are exact, and digits are few
SIZE = 10**9  # of any argument of a layer and of any axis: far above any real one
AXES = 6  # of a tensor, the channels among them: five are the most that published networks use
LIST_ELEMENTS = 10_000  # those of nested lists included: lists can be built by multiplying
EVALUATION_STEPS = 1_000_000  # parts of expressions and elements of lists of a file and those it extends: some 0.7 s

# The network
INPUTS = 32  # of a network: each is followed through all layers
LAYERS = 30_000  # in total: some 60 MB, and with a receptive field of its own for each about a second
DIFFERENT_LAYERS = 3_000  # that differ in arguments or input, as the others share their results: about a second
EXPANSION_STEPS = 100_000  # items and groups gone through, those that give no layer included: half a second
STEPS_AFTER_ERROR = 30_000  # the same after a failure: further problems have been found by then
RECURRENT_LAYERS = 100  # of one layer, each with arrays of its own: the deepest published have 16
PATH_CHARACTERS = 20_000_000  # of all paths in total, since deep nesting makes each of them long: 20 MB

# Problems, repairs and hints
PROBLEMS = 500  # reported of one architecture: more are not useful
UNKNOWN_ARGUMENTS = 50  # reported for one call, each with a hint
REPAIR_TRIALS = 60  # readings of a file for trying repairs
REPAIR_TRIALS_EACH = 20  # for the repairs of one problem, so that the others have their turn
REPAIR_COST = 350_000  # of these readings in total, see `repairs.COST_OF_STEP`: about half a second
REPAIR_LAYERS = 3_000  # of a network whose repairs are tried
REPAIR_CHARACTERS = 50_000  # of a file whose repairs are tried and offered
REBOUND_NAMES = 10  # names of a body that are given twice, for which repairs are looked for: each takes a search
ROUNDED_NOTES = 3  # layers that rounded a size, which a message names
ROUNDED_REPAIRS = 6  # of them for which a repair is tried
INPUT_SEARCHED = 2_000  # characters before a call that is applied, `y = f(x)`, in which x is looked for
SIMILAR_NAMES = 200  # that are compared for a hint, which is not worth more time
SIMILAR_FILES = 100  # of a folder that are compared for a hint
SEARCHED_CHARACTERS = 400  # of a line that is searched with patterns that take quadratic time
TRANSLATED_CALL = 500  # characters of a call of PyTorch or Keras that is translated for a hint
TRANSLATED_CALLS = 20  # calls of one string that are translated for a hint
DIVISORS_TRIED = 10_000  # for a number of groups that fits
LISTED_SHAPES = 12  # of branches that disagree: of more, only the two that differ are listed
LISTED_PATHS = 5  # among which a choice is not clear
MATCHED_PATHS = 200_000  # compared with patterns of one file of weights
LISTED_ARRAYS = 5  # that a note names
MESSAGE_CHARACTERS = 1_000  # of a message: of a longer one the middle is left out, as names in it may be of any length

# Figures
FIELD_PERIOD = 128  # units after which a receptive field that varies repeats: all of them are kept, of more bounds
REDUCED_OUTPUTS = 4_096  # of a resampling that steps over positions, whose largest step is looked for
FIELD_UNITS = 50_000  # of receptive fields that vary, all layers together: a bound on time, far above real networks
KERNEL_TAPS = 64  # elements of a kernel that are tried for the first position that it reads
POSITION = 10**18  # of a unit away from the first: positions further away are not stated
EXPLAINED_LAYERS = 1_300  # at once: up to 1.5 s, for convolutions that differ by axis
WAY_LAYERS = 1_300  # on the ways of their receptive fields in total
NAMED_BRANCHES = 20  # of a merge that have names in its formulas
ORDER_PART = 500  # layers between two cuts whose order is bounded and searched, in quadratic time
ORDER_STEPS = 2_000_000  # that all searches for an order look at, and again all beams: about half a second each
ORDER_BEAM = 100  # sets of layers that are followed where there are more
FACTORED_NUMBERS = 10_000  # of the kernels of one convolution that are split: up to a second
FACTORED_ALTOGETHER = 20_000  # of those of one network: two seconds
ARENA_TENSORS = 4_000  # that are placed in an arena, in quadratic time: about half a second
RECONCILED = 100_000  # layers of variants that `reconcile` makes and counts for one figure: about two seconds
COMPARED_NETWORKS = 100  # of `compare`: each is read as a file is; `sweep` reads once
COMPARED_LAYERS = 15_000  # of all networks that `compare` is given, and of the rewritten one: about a second
SWEEP_POINTS = 100_000  # of one sweep: some ten minutes for a network of 150 layers, and 60 MB
PARETO_POINTS = 3_000  # compared in more than two figures, each with all others: a second
ALIGNED_REPEATED = 400  # rows of each network that `compare` aligns although they recur, in cubic time: half a second
WANTED_ARGUMENT = 12  # of each argument that `calc --want` tries where several are free
WANTED_ALONE = 4_096  # of one that alone is free, or of the wanted sizes
WANTED_SHOWN = 40  # answers that are shown

# The executor
RUN_OPERATIONS = 100_000_000  # of `run`, of any kind: a few seconds' worth
MEMORY = 250_000_000  # bytes of `run` and `verify`, beside the 25 MB of the program itself
RECORDED_OPERATIONS = 150_000  # of one layer of which `run --unit` writes out numbers, 8 macs as one: some two seconds
SHOWN_OPERATIONS = 1_000_000  # of all layers that `run --unit` computes as a whole, and of more the unit's cone alone
WRITTEN_NUMBERS = 50_000  # of which one number is computed that is written out: half a second
WRITTEN_UNITS = 12  # of each layer that are written out: more are unreadable
GRADIENT_OPERATIONS = 2_000_000  # of one layer of which `run --gradient` keeps a record: some two seconds
GRADIENT_STEPS = 10  # of those of `run` that the record of an operation takes, which is no mac
EFFECTIVE_SEEDS = 1_000  # over which `run --effective-field` averages: more do not change the picture
ROUNDED_OPERATIONS = 1_000_000  # of `run --precision`, which rounds each: some two seconds
MATRIX_ELEMENTS = 100_000  # of a matrix that `run --matrix` shows
VERIFIED_LAYERS = 5_000  # of `verify`: narrowing a network and following its windows takes several passes
VERIFIED_STEPS = 420_000_000  # of one network of `verify`, which is narrowed until it takes no more: some ten seconds
VERIFIED_STEPS_OF_MANY = 100_000_000  # of each of many networks: some two seconds
ISOLATED_ELEMENTS = 300_000  # of a layer that `verify` executes by itself with two channels; of a larger one it is one
VERIFIED_AT_MOST = 1_000_000_000  # steps of a network that cannot be narrowed as far
NARROWED_LAYERS = 200_000  # looked through for smaller inputs that fit: some ten seconds
NARROWED_INPUTS = 1_000  # smaller inputs that are tried

# Export
EXPORT_STEPS = 20_000  # parts of blocks that are written, some of them in several ways; then a layer a line
EXPORT_BLOCK_LAYERS = 5_000  # of a network that is written with its blocks
ONNX_TABLES = 2_000_000  # numbers of all computed arrays of an ONNX file, e.g. of positions: about a second
PROTOBUF_BYTES = 2_147_483_647  # of an ONNX file, which is one message: lengths are 31 bits in its libraries

# Output
RICH_ROWS = 1_000  # of a table that Rich draws: it takes some 0.6 ms for each; longer ones are plain
DRAWN_BOXES = 5_000  # of a figure, which nobody could read: some two seconds
SCREEN_BOXES = 1_500  # of a figure in a notebook or a page, with the outermost groups closed: below a second
PAGE_LAYERS = 10_000  # of all networks of the page of `report`: some six megabytes, and about two seconds
RICH_PARAGRAPHS = 10_000  # that Rich writes; more are plain
