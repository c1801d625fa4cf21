"""The sets there are, and opening them: CIFAR-10, what was imported, and the built-in shapes."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from cifar7 import paths
from cifar7.data import by_hand, reading, shapes, store
from cifar7.data.imageset import DataError, ImageSet, Progress, RawSet, SetInfo, silent

OFFICIAL, OFFICIAL_TITLE = "cifar10", "CIFAR-10"
BUILT_IN = "shapes"
CACHE = "path-"  # names of sets that were opened by their path begin so
OFFICIAL_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
TO_FETCH = (
    "CIFAR-10 is not on this machine: fetch it with `python -m cifar7 data fetch cifar10`, "
    "or on the Train page; without a network, bring cifar-10-python.tar.gz and `data import` it"
)


def available(data_dir: Path | None = None) -> list[SetInfo]:
    """Every set that can be named, in the order in which one is preselected: cifar10, imported ones, shapes.

    Reads only meta.json files. cifar10 and shapes are listed also while they are not on this machine yet.
    """
    metas = {meta.name: meta for meta in store.list_metas(_folder(data_dir)) if not meta.hidden}
    built_in, official = metas.pop(BUILT_IN, None), metas.pop(OFFICIAL, None)
    return [
        official if official else _absent_official(),
        *metas.values(),
        built_in if built_in and built_in.source == shapes.RECIPE else shapes.info(BUILT_IN),
    ]


def usable(info: SetInfo) -> bool:
    """Whether a run can begin with it: it is here, or is drawn when needed."""
    return info.present or info.name == BUILT_IN


def title(name: str, data_dir: Path | None = None) -> str:
    """What the set of that name is called; its name when it is no longer here. Never raises."""
    if meta := store.read_meta(_folder(data_dir), name):
        return meta.title
    return {OFFICIAL: OFFICIAL_TITLE, BUILT_IN: shapes.TITLE}.get(name, name)


def short(name: str, data_dir: Path | None = None) -> str:
    """For lists: the name that its owner gave it, or where nobody did, the title of what was opened."""
    return title(name, data_dir) if name.startswith(CACHE) else name


def groups(name: str) -> dict[str, tuple[int, ...]]:
    """Classes of the set of that name that are looked at together: indices by their title. Never raises."""
    return dict(shapes.GROUPS) if name == BUILT_IN else {}


def open_set(name: str, progress: Progress = silent, data_dir: Path | None = None) -> ImageSet:
    """The set called `name`, memory-mapped; shapes are generated if they have not been yet (a few seconds).

    DataError if there is no such set.
    """
    folder = _folder(data_dir)
    store.check_name(name)
    if name == BUILT_IN:
        _written_once(folder, name, shapes.RECIPE, shapes.generate, progress)
    meta = store.read_meta(folder, name)
    if meta is None:
        names = ", ".join(info.name for info in available(data_dir) if usable(info))
        raise DataError(
            TO_FETCH if name == OFFICIAL else f"there is no data set {name!r}; there are: {names}"
        )
    return store.open_stored(folder, meta)


def open_path(path: str | Path, progress: Progress = silent, data_dir: Path | None = None) -> ImageSet:
    """Class folders, or an archive of them; decoded once, later mapped from the cache.

    The cache goes by content, not by the path: of an archive its bytes, of a folder names, sizes and times.
    The set's name opens it again. DataError as `reading.read_path`.
    """
    path, folder = Path(path), _folder(data_dir)
    if by_hand.is_official(path):
        _written_once(folder, OFFICIAL, "official", partial(_take, folder, OFFICIAL, path), progress)
        return open_set(OFFICIAL, progress, data_dir)
    source = reading.source_key(path)
    read = partial(reading.read_path, path)
    meta = _written_once(folder, _cache_name(source), source, read, progress)
    return replace(store.open_stored(folder, meta), title=reading.source_title(path))


def open_data(name_or_path: str, progress: Progress = silent, data_dir: Path | None = None) -> ImageSet:
    """For the command line: a set's name goes first, then a path. DataError if it is neither."""
    is_here = name_or_path == BUILT_IN or store.read_meta(_folder(data_dir), name_or_path)
    if not is_here and (Path(name_or_path).exists() or not store.NAME.fullmatch(name_or_path)):
        return open_path(name_or_path, progress, data_dir)
    return open_set(name_or_path, progress, data_dir)


def import_path(
    path: str | Path, name: str | None, progress: Progress = silent, data_dir: Path | None = None
) -> SetInfo:
    """Import class folders or an archive of them as the set `name`, listed from now on.

    The official CIFAR-10, packed or not, is called `cifar10` unless another name is given. DataError: a name
    that is taken by something else or reserved, or as `reading.read_path`.
    """
    path, folder = Path(path), _folder(data_dir)
    is_official = by_hand.is_official(path)
    name = OFFICIAL if name is None and is_official else name
    if name is None:
        raise DataError("the set needs a name: give --name and small letters, digits, - or _")
    store.check_name(name)
    if (name == OFFICIAL and not is_official) or name == BUILT_IN or name.startswith(CACHE):
        raise DataError(f"{name!r} is reserved: choose another name")
    source = "official" if is_official else reading.source_key(path)

    def read(progress: Progress) -> RawSet:
        if (folder / name).exists():
            raise DataError(
                f"there is another set {name!r} already: choose another name, or delete {folder / name}"
            )
        if is_official:
            return _take(folder, name, path, progress)
        cached = _stored(folder, _cache_name(source), source)
        return store.open_stored(folder, cached) if cached else reading.read_path(path, progress)

    return _written_once(folder, name, source, read, progress)


def fetch_cifar10(progress: Progress = silent, data_dir: Path | None = None) -> SetInfo:
    """Download the official set unless it is here already: 170 MB, checked, stored in the form of every set.

    Where its archive or folder lies in the data directory, that is taken and nothing downloaded. DataError if
    the download fails, or what lies there is not the official set; nothing half-written is left.
    """
    folder = _folder(data_dir)

    def fetch(progress: Progress) -> RawSet:
        if path := by_hand.in_folder(folder):
            return _take(folder, OFFICIAL, path, progress)
        from cifar7.data import official  # loads torchvision

        with store.staging(folder, OFFICIAL) as scratch:
            return official.fetch(scratch, progress)

    return _written_once(folder, OFFICIAL, "official", fetch, progress)


def remove(name: str, data_dir: Path | None = None) -> None:
    """Remove a stored set, a cache too. DataError if there is none, or it cannot be removed.

    Whether somebody uses it is for the caller to know. The shapes are drawn again when they are needed.
    """
    folder = _folder(data_dir)
    store.check_name(name)
    if not (folder / name / "meta.json").is_file():
        names = ", ".join(meta.name for meta in store.list_metas(folder)) or "none"
        raise DataError(f"there is no stored data set {name!r}; there are: {names}")
    store.remove(folder, name)


def caches(data_dir: Path | None = None) -> list[Path]:
    """The folders of sets that can be made again: those opened by their path, and the drawn shapes.

    Their time of change is when they were last opened.
    """
    folder = _folder(data_dir)
    names = [path.name for path in store.folders(folder)]
    return [folder / name for name in names if name.startswith(CACHE) or name == BUILT_IN]


def left_overs(data_dir: Path | None = None) -> list[Path]:
    """Half-written sets in the folder, of writers that still write or that died."""
    return store.half_written(_folder(data_dir))


def _take(folder: Path, name: str, path: Path, progress: Progress) -> RawSet:
    """The official set as somebody brought it."""
    with store.staging(folder, name) as scratch:
        return by_hand.take(path, scratch, progress)


def _folder(data_dir: Path | None) -> Path:
    return paths.data_dir() if data_dir is None else data_dir


def _stored(folder: Path, name: str, source: str) -> store.Meta | None:
    meta = store.read_meta(folder, name)
    return meta if meta and meta.source == source else None


def _cache_name(source: str) -> str:
    return CACHE + source.rsplit("-", 1)[1][:16]


def _written_once(
    folder: Path, name: str, source: str, make: Callable[..., RawSet], progress: Progress
) -> store.Meta:
    """The set `name` made from `source`; where it is not here yet, of what `make(progress=…)` returns."""
    if meta := _stored(folder, name, source):
        return meta
    with store.exclusive(folder, name, progress):
        if meta := _stored(folder, name, source):  # another process may have been quicker
            return meta
        return store.write_set(folder, name, make(progress=progress), source, name.startswith(CACHE))


def _absent_official() -> SetInfo:
    return SetInfo(
        name=OFFICIAL, title=OFFICIAL_TITLE, classes=OFFICIAL_CLASSES, train_size=50_000, test_size=10_000,
        origin="official", synthetic=False, notes=("Not on this machine yet: a download of 170 MB.",),
        fingerprint="", present=False,
    )  # fmt: skip
