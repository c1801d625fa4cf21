from math import e, log

import numpy as np
import pytest
import torch
from torch import nn

from cifar7.training.evaluation import evaluate


class Answers(nn.Module):
    """Logit 1 for the class that the top left red pixel names, 0 for the two others."""

    def __init__(self):
        super().__init__()
        self.batches = []

    def forward(self, x):
        self.batches.append((len(x), self.training, torch.is_grad_enabled(), x.dtype))
        return nn.functional.one_hot(x[:, 0, 0, 0].round().long(), 3).float()


def images_of(values):
    images = torch.zeros(len(values), 3, 32, 32, dtype=torch.uint8)
    images[:, 0, 0, 0] = torch.tensor(values)
    return images


# mean 0 and deviation 1/255: the normalised pixel is the pixel.
PLAIN = ((0.0, 0.0, 0.0), (1 / 255, 1 / 255, 1 / 255))


def test_loss_accuracy_and_probabilities_by_hand():
    found = evaluate(Answers(), images_of([0, 1, 2, 2]), torch.tensor([0, 1, 2, 0]), *PLAIN)
    right, wrong = e / (e + 2), 1 / (e + 2)  # softmax of (1, 0, 0)
    assert found.accuracy == 0.75
    assert found.loss == pytest.approx(-(3 * log(right) + log(wrong)) / 4)
    assert found.probabilities.dtype == np.float32
    assert found.probabilities[3] == pytest.approx([wrong, wrong, right])


@pytest.mark.parametrize(("precision", "dtype"), [("fp32", torch.float32), ("bf16", torch.bfloat16)])
def test_in_large_batches_in_evaluation_mode_without_gradients(precision, dtype):
    module = Answers()
    found = evaluate(module, images_of([1] * 300), torch.ones(300, dtype=torch.long), *PLAIN, precision)
    assert module.batches == [
        (125, False, False, dtype),
        (125, False, False, dtype),
        (50, False, False, dtype),
    ]
    assert found.accuracy == 1.0
    assert found.probabilities.dtype == np.float32


def test_the_mode_is_put_back_also_after_an_error():
    module = Answers().train()
    evaluate(module, images_of([1]), torch.tensor([1]), *PLAIN)
    assert module.training
    with pytest.raises(RuntimeError):
        evaluate(module, images_of([7]), torch.tensor([1]), *PLAIN)
    assert module.training
    evaluate(module.eval(), images_of([1]), torch.tensor([1]), *PLAIN)
    assert not module.training


def test_a_test_time_flip_averages_the_logits_of_both_sides():
    # The answer is the top left pixel: 1 as the image is, 2 (at the top right) as its mirror image has it.
    images = images_of([1])
    images[:, 0, 0, 31] = 2
    found = evaluate(Answers(), images, torch.tensor([1]), *PLAIN, test_flip=True)
    half = e**0.5  # logits (0, 1/2, 1/2)
    assert found.probabilities[0] == pytest.approx([1 / (1 + 2 * half), *[half / (1 + 2 * half)] * 2])
    assert evaluate(Answers(), images, torch.tensor([1]), *PLAIN).accuracy == 1.0
