"""The sets there are, and opening them: CIFAR-10, what was imported, and the built-in shapes."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from cifar7 import paths
from cifar7.data import reading, shapes, store
from cifar7.data.imageset import DataError, ImageSet, Progress, RawSet, SetInfo, silent

OFFICIAL = "cifar10"
BUILT_IN = "shapes"
CACHE = "path-"  # names of sets that were opened by their path begin so
OFFICIAL_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
TO_FETCH = (
    "CIFAR-10 is not on this machine: fetch it with `python -m cifar7 data fetch cifar10`, "
    "or on the Train page"
)


def available(data_dir: Path | None = None) -> list[SetInfo]:
    """Every set that can be named, in the order in which one is preselected: cifar10, imported ones, shapes.

    Reads only meta.json files. cifar10 and shapes are listed also while they are not on this machine yet.
    """
    metas = {meta.info.name: meta for meta in store.list_metas(_folder(data_dir)) if not meta.hidden}
    built_in, official = metas.pop(BUILT_IN, None), metas.pop(OFFICIAL, None)
    return [
        official.info if official else _absent_official(),
        *(meta.info for meta in metas.values()),
        built_in.info if built_in and built_in.source == shapes.RECIPE else shapes.info(BUILT_IN),
    ]


def usable(info: SetInfo) -> bool:
    """Whether a run can begin with it: it is here, or is drawn when needed."""
    return info.present or info.name == BUILT_IN


def title(name: str, data_dir: Path | None = None) -> str:
    """What the set of that name is called; its name when it is no longer here. Never raises."""
    folder = _folder(data_dir)
    if store.NAME.fullmatch(name) is None:
        return name
    meta = store.read_meta(folder, name)
    if meta is not None:
        return meta.info.title
    return next((info.title for info in available(data_dir) if info.name == name), name)


def short(name: str, data_dir: Path | None = None) -> str:
    """For lists: the name that its owner gave it, or where nobody did, the title of what was opened."""
    return title(name, data_dir) if name.startswith(CACHE) else name


def open_set(name: str, progress: Progress | None = None, data_dir: Path | None = None) -> ImageSet:
    """The set called `name`, memory-mapped; shapes are generated if they have not been yet (a few seconds).

    DataError if there is no such set.
    """
    folder = _folder(data_dir)
    store.check_name(name)
    meta = store.read_meta(folder, name)
    if name == BUILT_IN:
        meta = _written_once(folder, name, shapes.RECIPE, _draw_shapes, progress)
    if meta is None:
        names = ", ".join(info.name for info in available(data_dir) if usable(info))
        raise DataError(
            TO_FETCH if name == OFFICIAL else f"there is no data set {name!r}; there are: {names}"
        )
    return store.open_stored(folder, meta)


def open_path(path: str | Path, progress: Progress | None = None, data_dir: Path | None = None) -> ImageSet:
    """Class folders, or an archive of them; decoded once, later mapped from the cache.

    The cache goes by content, not by the path: of an archive its bytes, of a folder names, sizes and times.
    The set's name opens it again. DataError as `reading.read_path`.
    """
    path, folder = Path(path), _folder(data_dir)
    source = reading.source_key(path)
    read = partial(reading.read_path, path)
    meta = _written_once(folder, _cache_name(source), source, read, progress)
    return replace(store.open_stored(folder, meta), title=reading.source_title(path))


def open_data(name_or_path: str, progress: Progress | None = None, data_dir: Path | None = None) -> ImageSet:
    """For the command line: a set's name goes first, then a path. DataError if it is neither."""
    is_name = store.NAME.fullmatch(name_or_path) is not None
    if is_name and (name_or_path == BUILT_IN or store.read_meta(_folder(data_dir), name_or_path)):
        return open_set(name_or_path, progress, data_dir)
    if Path(name_or_path).exists():
        return open_path(name_or_path, progress, data_dir)
    if is_name:
        return open_set(name_or_path, progress, data_dir)  # says what there is
    raise DataError(f"there is no file or folder {name_or_path}")


def import_path(
    path: str | Path, name: str, progress: Progress | None = None, data_dir: Path | None = None
) -> SetInfo:
    """Import class folders or an archive of them as the set `name`, listed from now on.

    DataError: a name that is taken by something else or reserved, or as `reading.read_path`.
    """
    path, folder = Path(path), _folder(data_dir)
    store.check_name(name)
    if name in (OFFICIAL, BUILT_IN) or name.startswith(CACHE):
        raise DataError(f"{name!r} is reserved: choose another name")
    source = reading.source_key(path)
    with store.exclusive(folder, name, progress or silent):
        if (folder / name).exists():
            meta = _stored(folder, name, source)
            if meta is None:
                raise DataError(
                    f"there is another set {name!r} already: choose another name, or delete {folder / name}"
                )
            return meta.info
        cached = _stored(folder, _cache_name(source), source)
        if cached is not None:
            meta = store.copy_set(folder, cached, name)
        else:
            meta = store.write_set(folder, name, reading.read_path(path, progress or silent), source)
    return meta.info


def fetch_cifar10(progress: Progress | None = None, data_dir: Path | None = None) -> SetInfo:
    """Download the official set unless it is here already: 170 MB, checked, stored in the form of every set.

    DataError if the download fails; nothing half-written is left.
    """
    from cifar7.data import official  # loads torchvision

    folder = _folder(data_dir)
    with store.exclusive(folder, OFFICIAL, progress or silent):
        meta = store.read_meta(folder, OFFICIAL)
        if meta is None:
            with store.staging(folder, OFFICIAL) as scratch:
                raw = official.fetch(scratch, progress or silent)
            meta = store.write_set(folder, OFFICIAL, raw, "official")
    return meta.info


def _folder(data_dir: Path | None) -> Path:
    return paths.data_dir() if data_dir is None else data_dir


def _stored(folder: Path, name: str, source: str) -> store.Meta | None:
    meta = store.read_meta(folder, name)
    return meta if meta is not None and meta.source == source else None


def _cache_name(source: str) -> str:
    return CACHE + source.rsplit("-", 1)[1][:16]


def _draw_shapes(progress: Progress) -> RawSet:
    return shapes.generate(progress=progress)


def _written_once(
    folder: Path, name: str, source: str, make: Callable[[Progress], RawSet], progress: Progress | None
) -> store.Meta:
    """The set `name` made from `source`; made and written first where it is not here yet."""
    meta = _stored(folder, name, source)
    if meta is None:
        with store.exclusive(folder, name, progress or silent):
            meta = _stored(folder, name, source)  # another process may have been quicker
            if meta is None:
                meta = store.write_set(folder, name, make(progress or silent), source, name.startswith(CACHE))
    return meta


def _absent_official() -> SetInfo:
    return SetInfo(
        name=OFFICIAL, title="CIFAR-10", classes=OFFICIAL_CLASSES, train_size=50_000, test_size=10_000,
        origin="official", synthetic=False, notes=("Not on this machine yet: a download of 170 MB.",),
        fingerprint="", present=False,
    )  # fmt: skip
