"""Scenes as folders of GeoTIFFs, on a disk or in a bucket: one folder per acquisition, one file per band."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from pipeline import months
from pipeline.errors import MinewardenError
from pipeline.sources import item as stac
from pipeline.sources import naming
from pipeline.sources.passes import once_each, pass_key
from pipeline.sources.scaling import OFFSET, SCALE, of_baseline
from pipeline.sources.scene import MEND, BandFile, Doubt, Refused, Scene
from pipeline.sources.transcode import StoreError
from pipeline.sources.tree import DiskTree, Tree, check_names, unlisted

DEPTH = 5
"""Scene folders may lie in folders of their own (by year, by tile), so many levels deep."""


class FolderSource:
    """`kind: folder`. Discovers acquisitions by name and by the bands they hold; reads no pixels."""

    doubts: Sequence[Doubt] = ()

    def __init__(
        self,
        place: Path | Tree,
        *,
        bands: Sequence[str] | None = None,
        mask: str | None = None,
        scale: float | None = None,
        offset: float | None = None,
    ) -> None:
        self.tree: Tree = DiskTree(place) if isinstance(place, Path) else place
        self.needed = tuple(bands) if bands else naming.NEEDED
        self.mask = mask
        self.scale = scale
        self.offset = offset

    def scenes(self) -> tuple[Sequence[Scene], Sequence[Refused]]:
        """All scenes, oldest first, each pass once, and what had to be left out."""
        if not self.tree.is_there():
            raise MinewardenError("MW-SOURCE-PATH", f"The scene folder {self.tree.told} is not there.", "Set the source's path, or mount its disk.")
        found: list[Scene] = []
        refused: list[Refused] = []
        for folder in self._folders(self.tree.root, DEPTH):
            try:
                outcome = self._scene(folder)
            except StoreError:
                raise
            except MinewardenError as error:
                outcome = _refused(folder, error.code, error.message, error.fix)
            except OSError as error:
                what = f"{Path(str(error.filename or folder)).name} can't be read ({error.strerror})."
                outcome = _refused(folder, "MW-SCENE-READ", what, "Check the disk and the file's rights.")
            if isinstance(outcome, Scene):
                found.append(outcome)
            else:
                refused.append(outcome)
        if not found and not refused:
            fix = "Put one folder per acquisition into it, its name holding the date as YYYYMMDD, with files such as B04.tif and B08.tif."
            raise MinewardenError("MW-SOURCE-EMPTY", f"The scene folder {self.tree.told} holds no scenes.", fix)
        kept, twice = once_each(found)
        return kept, sorted([*refused, *twice], key=lambda r: r.id)

    def _folders(self, parent: Path, depth: int) -> Iterator[Path]:
        """Folders that hold bands, or are named like a scene and hold nothing that does."""
        for folder in self.tree.folders(parent):
            try:
                if self.tree.leads_out(folder) or any(naming.band_of(f.name) for f in self.tree.files(folder)):
                    yield folder
                    continue
                below = list(self._folders(folder, depth - 1)) if depth > 1 else []
            except OSError as error:
                below = unlisted(folder, error)
            yield from below
            if not below and naming.stamps(folder.name):
                yield folder

    def _scene(self, folder: Path) -> Scene | Refused:
        def refuse(code: str, reason: str, day: date | None, fix: str = MEND) -> Refused:
            return Refused(folder.name, day, reason, code=f"MW-SCENE-{code}", fix=fix)

        check_names(folder.relative_to(self.tree.root).parts)
        if self.tree.leads_out(folder):
            return refuse("LINK", "The folder is a link that leads out of the scene folder.", _only_day(folder.name))
        try:
            item = self._item(folder / "item.json")
        except stac.BadItem as error:
            return refuse("ITEM", f"item.json {error}.", _only_day(folder.name))
        stamp, days = naming.sensed(folder.name, item.acquired if item else None)
        if stamp is None:
            said = f"holds two dates ({', '.join(map(str, days))}): which is the acquisition?" if days else "holds no date (YYYYMMDD)."
            return refuse("DATE", f"The folder's name {said}", None, "Name the folder by one date, YYYYMMDD.")
        day = stamp.moment.date()
        if day > months.today():
            return refuse("FUTURE", f"The folder's name is dated {day}, which has not come yet.", None, "Name the folder by the day of the picture.")
        files, problem = self._band_files(folder)
        if problem:
            return refuse("BANDS", problem, day)
        baseline = naming.baseline(folder.name) or (item.baseline if item else "")
        try:
            bands = {b: self._scaled(b, files[b], item, baseline) for b in naming.BANDS if b in files}
        except stac.BadItem as error:
            return refuse("ITEM", f"item.json {error}.", day)
        scl = None if self.mask == "none" else files.get("SCL")
        satellite = naming.satellite(folder.name) or (item.satellite if item else "")
        tile = naming.tile(folder.name) or (item.tile if item else "")
        return Scene(
            id=folder.name,
            acquired=stamp.moment,
            bands=bands,
            scl=scl,
            baseline=baseline,
            pass_key=pass_key(satellite, tile, stamp),
            strip=item.strip if item else None,
            masked=self.mask != "none",
            delivery=self.tree.deliver({band: file.path for band, file in bands.items()} | ({"SCL": scl} if scl else {})),
        )

    def _item(self, file: Path) -> stac.Item | None:
        if not self.tree.is_file(file):
            return None
        if self.tree.leads_out(file):
            raise stac.BadItem("is a link that leads out of the scene folder")
        return self.tree.item(file)

    def _band_files(self, folder: Path) -> tuple[dict[str, Path], str]:
        """File of each band (the finest where there are several), or why they can't be used."""
        found: dict[str, list[tuple[int, Path]]] = {}
        for file in self.tree.files(folder):
            band = naming.band_of(file.name)
            if band:
                check_names([file.name])
                found.setdefault(band[0], []).append((band[1], file))
        chosen = {}
        for name, files in found.items():
            finest = min(size for size, _ in files)
            same = [file for size, file in files if size == finest]
            if len(same) > 1:
                return {}, f"Two files claim to be {name}: {same[0].name} and {same[1].name}."
            if self.tree.leads_out(same[0]):
                return {}, f"{same[0].name} is a link that leads out of the scene folder."
            if not self.tree.is_file(same[0]):
                return {}, f"{same[0].name} is no file, or a link that leads nowhere."
            chosen[name] = same[0]
        missing = [b for b in (*self.needed, *(("SCL",) if self.mask == "SCL" else ())) if b not in chosen]
        return chosen, f"No file for {', '.join(missing)}." if missing else ""

    def _scaled(self, band: str, file: Path, item: stac.Item | None, baseline: str) -> BandFile:
        """Scale and offset: from the item, else by the baseline, else the config's, else the file's own tags, else the default."""
        told = item.reflectance(band, file) if item else None
        if told is None and baseline:
            told = of_baseline(baseline)
        if told is None and (self.scale is not None or self.offset is not None):
            told = SCALE if self.scale is None else self.scale, OFFSET if self.offset is None else self.offset
        if told is None:
            told = self.tree.scaling(file)
        scale, offset = told or (SCALE, OFFSET)
        return BandFile(file, scale, offset)


def _refused(folder: Path, code: str, reason: str, fix: str) -> Refused:
    return Refused(naming.legible(folder.name), _only_day(folder.name), reason, code=code, fix=fix)


def _only_day(name: str) -> date | None:
    stamp, _ = naming.sensed(name, None)
    return stamp.moment.date() if stamp else None
