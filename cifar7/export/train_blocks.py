"""The paragraphs of a written train.py; `train_source` chooses those that a recipe uses and joins them.

Names in capitals are constants at the head of the written file. `@NAME@` is filled in by `train_source`.
"""

LOAD_OFFICIAL = '''
def load(folder, part, device):
    """The images (N, 3, 32, 32) as bytes and their labels (N,), on the device; downloaded if need be."""
    found = CIFAR10(folder, train=part == "train", download=True)
    images = torch.from_numpy(found.data).permute(0, 3, 1, 2)  # (N, 3, 32, 32)
    return images.contiguous().to(device), torch.tensor(found.targets, device=device)
'''

LOAD_FOLDERS = '''
def load(folder, part, device):
    """The images (N, 3, 32, 32) as bytes and their labels (N,), on the device, from folder/part/<class>."""
    images, labels = [], []
    for label, name in enumerate(CLASSES):
        files = (file for file in (Path(folder) / part / name).iterdir() if not file.name.startswith("."))
        for file in sorted(files, key=natural):
            with Image.open(file) as image:
                pixels = ImageOps.fit(image.convert("RGB"), (32, 32), Image.Resampling.LANCZOS)
            images.append(np.asarray(pixels).transpose(2, 0, 1))  # (3, 32, 32)
            labels.append(label)
    return torch.from_numpy(np.stack(images)).to(device), torch.tensor(labels, device=device)


def natural(file):
    """A sorting key that puts 9.png before 10.png."""
    return [int(part) if part.isdecimal() else part for part in re.split("([0-9]+)", file.name)], file.name
'''

SPLIT = '''
def split(labels, count):
    """Two sets of rows: `count` of the labels (N,) set aside, every class in proportion, and the rest.

    The same rows each time, whatever the seed: so were the run's.
    """
    sizes = np.bincount(labels)
    quotas = sizes * count // len(labels)
    largest = np.argsort(-(sizes * count % len(labels)), kind="stable")  # remainders
    quotas[largest[: count - quotas.sum()]] += 1
    aside = np.zeros(len(labels), dtype=bool)
    for label, quota in enumerate(quotas):
        members = np.flatnonzero(labels == label)
        aside[np.random.default_rng([7, label]).permutation(members)[:quota]] = True
    return np.flatnonzero(~aside), np.flatnonzero(aside)
'''

CROP = '''
def random_crop(images, generator):
    """Each image (B, 3, 32, 32) moved by up to CROP_PADDING pixels either way, its border mirrored."""
    device, batch = images.device, len(images)
    moved = torch.randint(-CROP_PADDING, CROP_PADDING + 1, (2, batch, 1), generator=generator, device=device)
    place = (moved + torch.arange(32, device=device)).abs()  # (2, B, 32)
    rows, columns = torch.where(place < 32, place, 62 - place)  # (B, 32) each
    image = torch.arange(batch, device=device)[:, None, None]  # (B, 1, 1)
    return images[image, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)  # (B, 3, 32, 32)
'''

FLIP = '''
def random_flip(images, generator):
    """Each image (B, 3, 32, 32) mirrored left to right with probability one half."""
    mirrored = torch.rand((len(images), 1, 1, 1), generator=generator, device=images.device) < 0.5
    return torch.where(mirrored, images.flip(3), images)
'''

CUTOUT = '''
def random_cutout(images, generator):
    """Each normalised image (B, 3, 32, 32) with 0 in a square of CUTOUT pixels a side around any pixel."""
    middle = torch.randint(32, (2, len(images), 1), generator=generator, device=images.device)
    place = torch.arange(32, device=images.device) - (middle - CUTOUT // 2)  # (2, B, 32)
    rows, columns = (place >= 0) & (place < CUTOUT)  # (B, 32) each
    return images.masked_fill((rows[:, :, None] & columns[:, None, :])[:, None], 0)
'''

NORMALISE = '''
def normalise(images):
    """Bytes (B, 3, 32, 32) to floats: (value / 255 - MEAN) / STD, each channel with its own."""
    mean = torch.tensor(MEAN, device=images.device).view(1, 3, 1, 1)
    std = torch.tensor(STD, device=images.device).view(1, 3, 1, 1)
    return (images.float() / 255 - mean) / std
'''

# The formulas are those of cifar7.training.schedule; a test holds them against it.
RATES = {
    "one-cycle": '''
def learning_rate(step, steps):
    """A line from a tenth of the peak up to it over the share WARMUP of the steps, then a line down to 0."""
    rising = WARMUP * steps
    if step < rising:
        return LEARNING_RATE * (0.1 + 0.9 * step / rising)
    return LEARNING_RATE * (steps - step) / (steps - rising)
''',
    "one-cycle, falling": '''
def learning_rate(step, steps):
    """A line from the peak down to 0."""
    return LEARNING_RATE * (steps - step) / steps
''',
    "one-cycle, rising": '''
def learning_rate(step, steps):
    """A line from a tenth of the peak up to it."""
    return LEARNING_RATE * (0.1 + 0.9 * step / steps)
''',
    "cosine": '''
def learning_rate(step, steps):
    """Half a cosine from the peak down to 0."""
    return LEARNING_RATE * (1 + math.cos(math.pi * step / steps)) / 2
''',
    "step": '''
def learning_rate(epoch):
    """Times STEP_FACTOR after every STEP_EPOCHS epochs, which count from 0 here."""
    return LEARNING_RATE * STEP_FACTOR ** (epoch // STEP_EPOCHS)
''',
}

DECAY = '''
def parameter_groups(network):
    """Weight decay on kernels and matrices; none on biases and norms, which have one dimension."""
    return [
        {"params": [p for p in network.parameters() if p.ndim > 1], "weight_decay": WEIGHT_DECAY},
        {"params": [p for p in network.parameters() if p.ndim == 1], "weight_decay": 0.0},
    ]
'''

AVERAGE = '''
@torch.no_grad()
def update(average, network, step):
    """Let the averaged weights follow the network's after step `step`, which counts from 0."""
    share = 1 - min(AVERAGING, (1 + step) / (10 + step))  # the first weights are soon forgotten
    for mine, live in zip(average.state_dict().values(), network.state_dict().values()):
        mine.lerp_(live, share) if live.is_floating_point() else mine.copy_(live)
'''

EVALUATE = '''
@torch.inference_mode()
def evaluate(network, images, labels):
    """Loss and accuracy on images (N, 3, 32, 32) as they are, labels (N,): no augmentation, no dropout."""
    network.eval()
    logits = torch.cat([network(normalise(part)) for part in images.split(1000)])  # (N, classes)
    return cross_entropy(logits, labels).item(), (logits.argmax(1) == labels).double().mean().item()
'''

EVALUATE_BOTH = '''
@torch.inference_mode()
def evaluate(network, images, labels):
    """Loss and accuracy on images (N, 3, 32, 32), each asked together with its mirror image; labels (N,)."""
    network.eval()
    parts = [normalise(part) for part in images.split(1000)]  # (n, 3, 32, 32) each
    logits = torch.cat([(network(part) + network(part.flip(3))) / 2 for part in parts])  # (N, classes)
    return cross_entropy(logits, labels).item(), (logits.argmax(1) == labels).double().mean().item()
'''

TRAIN_HEAD = """
def train(folder, epochs, device):
    torch.manual_seed(SEED)  # of the first weights
    network = Network().to(device)
    if device.type != "mps":
        network = network.to(memory_format=torch.channels_last)
    optimiser = torch.optim.@OPTIMISER@
@AVERAGE@
    images, labels = load(folder, "train", device)
"""

SIDES = """
    # Half of the images are mirrored in even epochs, the other half in odd ones.
    sides = torch.rand(len(images), generator=torch.Generator().manual_seed(SEED)).to(device) < 0.5
"""

ROWS_HOLDOUT = """
    known = labels.cpu().numpy()
    rows, held_out = split(known, min(HELD_OUT, len(known) // 10))
    sample = rows[split(known[rows], min(TRAIN_SAMPLE, len(rows)))[1]]  # the training accuracy is taken here
    rows, held_out, sample = (torch.from_numpy(part).to(device) for part in (rows, held_out, sample))
"""

ROWS_ALL = """
    known = labels.cpu().numpy()
    sample = split(known, min(TRAIN_SAMPLE, len(known)))[1]  # the training accuracy is taken here
    rows, sample = torch.arange(len(known), device=device), torch.from_numpy(sample).to(device)
    test_images, test_labels = load(folder, "test", device)
"""

BATCHES = """
    batch_size = min(BATCH_SIZE, len(rows))
    per_epoch = len(rows) // batch_size  # steps; the images that are left sit this epoch out
"""

EPOCH = """

    generator = torch.Generator(device)
    for epoch in range(epochs):
        began, total = time.perf_counter(), 0.0
        generator.manual_seed(SEED * 100_003 + epoch)  # of the order, and what augmentation draws
        order = rows[torch.randperm(len(rows), generator=generator, device=device)]
        network.train()
"""

REPORT_HOLDOUT = """
        total = float(total) / per_epoch
        if not math.isfinite(total):
            raise SystemExit("the loss is no longer a finite number: lower LEARNING_RATE")
        _, trained = evaluate(network, images[sample], labels[sample])
        loss, accuracy = evaluate(network, images[held_out], labels[held_out])
        print(
            f"epoch {epoch + 1}/{epochs}  loss {total:.4f}  train {trained:.2%}  "
            f"held out {accuracy:.2%}  {time.perf_counter() - began:.1f} s",
            flush=True,
        )
        if best is None or (accuracy, -loss) > best[:2]:  # the first of equals is kept
            best = accuracy, -loss, epoch + 1
            kept = {name: value.clone() for name, value in network.state_dict().items()}
"""

END_HOLDOUT = """

    network.load_state_dict(kept)
    loss, accuracy = evaluate(network, *load(folder, "test", device))  # read once
    print(f"test accuracy {accuracy:.2%}, loss {loss:.4f}, with the weights of epoch {best[2]}")
"""

REPORT_TEST = """
        total = float(total) / per_epoch
        if not math.isfinite(total):
            raise SystemExit("the loss is no longer a finite number: lower LEARNING_RATE")
        _, trained = evaluate(network, images[sample], labels[sample])
        loss, accuracy = evaluate(network, test_images, test_labels)
        print(
            f"epoch {epoch + 1}/{epochs}  loss {total:.4f}  train {trained:.2%}  "
            f"test {accuracy:.2%}  {time.perf_counter() - began:.1f} s",
            flush=True,
        )
"""

END_TEST = """

    print(f"test accuracy {accuracy:.2%}, loss {loss:.4f}, with the weights of the last epoch")
"""

SAVE = """
    torch.save({name: value.cpu() for name, value in network.state_dict().items()}, "trained.pt")
"""

MAIN = """
def choose_device(name):
    if name != "auto":
        return torch.device(name)
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="data", metavar="FOLDER", help="@DATA_HELP@; default: data")
    parser.add_argument("--epochs", type=int, default=EPOCHS, metavar="N", help="default: %(default)s")
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda", "mps"))
    given = parser.parse_args()
    if given.epochs < 1:
        parser.error("--epochs takes 1 or more")
"""

MAIN_FOLDERS = """
    for part in (Path(given.data) / half / name for half in ("train", "test") for name in CLASSES):
        if not part.is_dir():
            parser.error(f"there is no folder {part}: --data takes the folder that train and test are in")
"""

MAIN_END = """
    train(given.data, given.epochs, choose_device(given.device))


if __name__ == "__main__":
    main()
"""
