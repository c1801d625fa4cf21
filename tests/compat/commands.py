"""The commands whose `--json` output was kept; {home}: a folder with the old runs and the networks."""

from __future__ import annotations

PRESETS = (
    "starter",
    "champion",
    "featherweight",
    "shrimali",
    "velasoka-simple",
    "velasoka-dilated",
    "velasoka-separable",
)
# Ours that have been improved upon since: the design of then is a file, the recipes are other ones.
REPLACED = ("champion", "sprint")
PROFILES = ("three-max-pools", "no-max-pool", "strict")


def design(name: str) -> str:
    """What a preset of then is named by today."""
    return f"{{home}}/{name}.json" if name in REPLACED else name


# Nothing is trained: to the digit.
INSTANT: dict[str, tuple[str, ...]] = {
    "presets": ("presets",),
    "recipes": ("recipes",),
    "runs": ("runs",),
    "data": ("data",),
    **{f"describe {name}": ("describe", design(name)) for name in PRESETS},
    **{
        f"describe {name} --profile {profile}": ("describe", design(name), "--profile", profile)
        for name in PRESETS
        for profile in PROFILES[1:]
    },
    "describe odd": ("describe", "{home}/odd.json"),
}

LONG = tuple(f"describe {name}" for name in PRESETS)  # whose table of layers is kept as a digest

# On images that are made where the test runs, in fp32 on the CPU: to rounding.
_TRAIN = ("train", "{home}/tiny.json", "--data", "tiny", "--device", "cpu", "--batch-size", "16")
TRAINED: dict[str, tuple[str, ...]] = {
    "train velasoka": (*_TRAIN, "--recipe", "velasoka", "--epochs", "2", "--lr", "0.005"),
    "train shrimali, holdout": (
        *_TRAIN, "--recipe", "shrimali", "--epochs", "2", "--lr", "0.03", "--protocol", "holdout",
        "--seed", "7"),
    "find-lr": (
        "find-lr", "{home}/tiny.json", "--data", "tiny", "--device", "cpu", "--recipe", "velasoka",
        "--batch-size", "16", "--steps", "40"),
}  # fmt: skip

# Paused runs that are gone on with to their end, and then for an epoch more.
RESUMED = ("20250101-000003-paused", "20250101-000004-paused-adamw")
