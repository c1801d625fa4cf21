"""The field's terms: how they are written on the pages, and each explained in a sentence."""

KINDS = {"standard": "standard", "grouped": "grouped", "separable": "separable"}
ACTIVATIONS = {"relu": "ReLU", "leaky_relu": "leaky ReLU", "silu": "SiLU", "gelu": "GELU"}
NORMS = {"batch": "batch", "group": "group", "none": "none"}
ORDERS = {"conv-norm-act": "normalisation first", "conv-act-norm": "activation first"}
CLASSIFIERS = {"none": "nothing", "conv": "1×1 convolution", "linear": "linear layer"}
LAYERS = {
    "conv": "conv",
    "linear": "linear",
    "batch_norm": "batch norm",
    "group_norm": "group norm",
    "max_pool": "max-pool",
    "avg_pool": "average pool",
    "global_avg_pool": "global average pool",
    **ACTIVATIONS,
}

PARAMETERS = "Numbers that the network learns: weights and biases, and the scale and shift of normalisations."
MACS = "Multiply-accumulate operations of the convolutions and linear layers for one image, without biases."
RECEPTIVE_FIELD = (
    "Side, in image pixels, of the square that one value can see: before the average pooling at the end, "
    "and with it."
)
WORKING = (
    "How the receptive field comes about: what it was, plus dilation times (kernel − 1) times the jump "
    "before the layer. A residual sum sees what the wider of its two maps sees."
)
JUMP = "Distance in image pixels between two neighbouring values of a map: every stride multiplies it."
CHANNELS = (
    "How many maps the stage puts out, and with them how many filters it learns. Choose, or type a number "
    "from 1 to 1,024. Units as wide as the last one change with it."
)
DILATION = (
    "Distance between the taps of a kernel: at 2 every second pixel is read, so a 3×3 spans 5×5 for the same "
    "number of parameters. The padding follows, so that the map keeps its size, unless it was set by hand."
)
KIND = (
    "Standard: each filter reads all channels. Grouped: the channels are split into groups that do not see "
    "each other. Depthwise separable: one filter for each channel, then a 1×1 convolution that mixes them."
)
GROUPS = "Into how many groups the channels are split; it has to divide input and output channels."
DROPOUT = "Share of the values set to zero at random while training, which holds back overfitting."
POOL = "Keeps the largest value of each square of pixels: halves the map and doubles the jump."
POOL_SIZE = (
    "Side of the square of which the largest value is kept, in pixels; the map shrinks by that factor."
)
KERNEL = "Side of the square that a filter reads, in pixels."
STRIDE = "Pixels that a filter moves on at each step: 2 halves the map."
PADDING = (
    "Pixels of zeros added on each side. Same: as many as keep the map, whatever kernel and dilation. A "
    "number stays when they change, and with too few the map shrinks."
)
NORM_HERE = "Whether the network's normalisation follows this convolution."
ACTIVATION_HERE = "Whether the network's activation follows this convolution."
RESIDUAL = (
    "A residual connection: what goes in is added, unchanged, to what comes out, before the max-pool. The "
    "unit learns only what to change, and the gradient has a way past it. Both maps need the same channels "
    "and size."
)
BETWEEN = "Normalisation and activation also between the depthwise and the 1×1 convolution."
DROPOUT_AFTER = (
    "Where the dropout stands: after the whole unit, or right after its depthwise convolution only."
)
POINTWISE_PADDING = (
    "Zeros around a 1×1 convolution only add a border without information: 0 is what one wants."
)
ACTIVATION = "The bend after each convolution; without one, layers in a row would be no more than one layer."
NORM = (
    "Rescales values so that training is faster and steadier: batch takes the statistics over the batch of "
    "images, group over groups of channels of one image."
)
ORDER = "What follows the convolution first: the normalisation, or the activation."
BIAS = (
    "Biases also where a normalisation follows. It takes the mean out again, so they are parameters "
    "without effect."
)
HEAD_POOL = (
    "Averages each map to one number. Global: over the whole map, whatever its size. The receptive field "
    "with pooling counts it."
)
CLASSIFIER = (
    "What turns the averaged channels into one value a class. With nothing, the last unit before the pooling "
    "has to put out one channel a class."
)
