"""The field's terms: how they are written on the pages, and each explained in a sentence."""

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
