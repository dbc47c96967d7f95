"""Files that request more than a recording needs, each opened in a monitored process.

Each must be refused with a sentence that says what it requested, or be read as plain data. None may
run code, open another file, or take more than 1 s or 200 MB.
"""

import json
import os
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

_MOST_S = 1.0
_MOST_BYTES = 200 << 20
_ENV = "CartPole-v1"


def run() -> list[str]:
    """Open every hostile file; return what went wrong."""
    return [f"{name}: {what}" for name in HOSTILE for what in one(name)]


def one(name: str) -> list[str]:
    """Open one hostile file; return what went wrong."""
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        (base / "secret").write_bytes(b"do not read this" * 64)
        target = HOSTILE[name][0](base)
        command = [sys.executable, "-m", "tests.torture.hostile", str(base), str(target)]
        env = os.environ | {"XDG_CACHE_HOME": str(base / "cache")}
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env=env, timeout=60
        )
        if done.returncode != 0:
            return [f"the process died ({done.returncode}): {done.stderr[-300:]}"]
        return _judge(json.loads(done.stdout), HOSTILE[name][1], base)


def _judge(found: dict[str, Any], wanted: str, base: Path) -> list[str]:
    wrong = []
    if wanted and wanted not in found["said"]:
        wrong.append(f"it said {found['said']!r}, not {wanted!r}")
    if not wanted and found["said"]:
        wrong.append(f"it was refused: {found['said']!r}")
    if found["seconds"] > _MOST_S:
        wrong.append(f"it took {found['seconds']:.2f} s")
    if found["bytes"] > _MOST_BYTES:
        wrong.append(f"it took {found['bytes'] >> 20} MB")
    wrong += [f"it {event}" for event in found["events"]]
    if (base / "ran").exists():
        wrong.append("it ran code")
    if "do not read" in json.dumps(found):
        wrong.append("it read another file")
    return wrong


# ---------------------------------------------------------------- the process that opens it


def _watch(base: Path, target: Path) -> dict[str, Any]:
    import resource
    import time

    from teleop.errors import TeleopError
    from teleop.learning import policy
    from teleop.recording import Library
    from teleop.recording.exchange import bundle
    from teleop.recording.importing import read_source, source_conversion
    from teleop.recording.rescue import dataset_rescue
    from teleop.recording.trust import vetting_service

    del policy, dataset_rescue, bundle, read_source, source_conversion
    root = base / "recordings"
    root.mkdir(exist_ok=True)
    warm = root / "warm.h5"  # the vetting process starts before the clock runs
    warm.write_bytes(b"nothing")
    try:
        vetting_service.admit(warm)
    except TeleopError:
        warm.unlink()
    events: list[str] = []
    _listen(events, base)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    said = ""
    try:
        said = _open(Library(root), target)
    except TeleopError as problem:
        said = str(problem)
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    size = (peak - before) * 1024
    return {"said": said, "seconds": seconds, "bytes": size, "events": events}


def _open(library: Any, target: Path) -> str:
    """Do what the app does with an untrusted file: list, show and read it, or import it."""
    if target.suffix == ".zip" or not target.is_relative_to(library.root):
        library.import_dataset(target)
        return ""
    if target.suffix == ".policy":
        from teleop.learning.policy import load_policy

        load_policy(target)
        return ""
    (summary,) = library.summaries()
    if summary.problem:
        return str(summary.problem)
    dataset = library.dataset(summary.dataset_id)
    problems = list(dataset.damaged())
    for row in dataset.rows():
        episode = dataset.read(row)
        problems += [text for text in map(str, episode.infos.values()) if "do not" in text]
    if problems:
        from teleop.recording.trust import vetting_service

        path = dataset.places.episodes / problems[0]
        vetting_service.admit(
            path if path.is_file() else dataset.places.index, links=not path.is_file()
        )
    return ""


def _listen(events: list[str], base: Path) -> None:
    """Record every event that reading data never needs."""
    watched = ("exec", "os.system", "os.exec", "os.posix_spawn", "socket.connect", "ctypes.dlopen")
    quiet: list[bool] = []

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if quiet:
            return
        quiet.append(True)
        try:
            if event in watched and not _is_import(event, arguments, base):
                events.append(f"did {event}")
            elif (
                event == "subprocess.Popen"
                and "teleop.recording.trust.vetting_service" not in str(arguments)
            ):
                events.append(f"started {arguments[1]}")
            elif event == "open" and _is_elsewhere(str(arguments[0]), base):
                events.append(f"opened {arguments[0]}")
            elif event == "open" and str(arguments[0]).endswith("secret"):
                events.append("opened the secret")
        finally:
            quiet.clear()

    sys.addaudithook(hook)


def _is_import(event: str, arguments: tuple[Any, ...], base: Path) -> bool:
    """Return whether a module of Python or Teleop is being loaded late."""
    if event != "exec":
        return False
    name = str(getattr(arguments[0], "co_filename", ""))
    return name.startswith("<frozen") or (name.endswith(".py") and not _is_elsewhere(name, base))


def _is_elsewhere(path: str, base: Path) -> bool:
    fine = (str(base), sys.prefix, sys.base_prefix, "/proc", "/dev", "/usr/share", "/etc")
    here = str(Path(__file__).parents[2])
    return path.startswith("/") and not path.startswith((*fine, here))


# ---------------------------------------------------------------- the files


def _dataset(base: Path, episodes: int = 1) -> Path:
    """Record a valid dataset, as another person would send it."""
    from teleop.api.policies import iter_record
    from teleop.recording import Library

    root = base / "recordings"
    root.mkdir(exist_ok=True)
    list(
        iter_record(Library(root), _ENV, "human-like", episodes, dataset_id="evil/data-v0", seed=0)
    )
    return root / "evil" / "data-v0"


def _episode(folder: Path) -> Path:
    return next((folder / "data" / "episodes").glob("*.h5"))


def _edited(change: Callable[[Any, Path], None]) -> Callable[[Path], Path]:
    """Make a valid dataset with one change in the group of its episode."""

    def make(base: Path) -> Path:
        import h5py

        folder = _dataset(base)
        with h5py.File(_episode(folder), "r+") as file:
            change(file["episode"], base)
        (folder / "data" / "manifest.json").unlink()
        return folder

    return make


def _described(change: Callable[[dict[str, Any], Path], None]) -> Callable[[Path], Path]:
    """Make a valid dataset with one change in its description."""

    def make(base: Path) -> Path:
        folder = _dataset(base)
        path = folder / "data" / "metadata.json"
        data = json.loads(path.read_bytes())
        change(data, base)
        path.write_text(json.dumps(data))
        return folder

    return make


def _indexed(change: Callable[[Any, Path], None]) -> Callable[[Path], Path]:
    """Make a Minari dataset without episode files, with one change in its single file."""

    def make(base: Path) -> Path:
        import h5py

        folder = _dataset(base)
        data = folder / "data"
        episode = _episode(folder)
        with h5py.File(data / "main_data.hdf5", "w") as file:
            with h5py.File(episode) as source:
                source.copy("episode", file, name="episode_0")
            change(file, base)
        for path in (*(data / "episodes").glob("*.h5"), data / "manifest.json"):
            path.unlink()
        return folder

    return make


def _external_link(file: Any, base: Path) -> None:
    import h5py

    with h5py.File(base / "other.h5", "w") as other:
        other["episode"] = np.frombuffer(b"do not read this", np.uint8)
    file["episode_1"] = h5py.ExternalLink(str(base / "other.h5"), "/episode")


def _soft_link(group: Any, base: Path) -> None:
    import h5py

    del base
    group["infos/again"] = h5py.SoftLink("/nowhere")


def _cycle(group: Any, base: Path) -> None:
    del base
    group["infos/again"] = group


def _external_storage(group: Any, base: Path) -> None:
    secret = base / "secret"
    external = [(str(secret), 0, 64)]
    group.create_dataset("infos/stolen", (64,), "u1", external=external)


def _virtual(group: Any, base: Path) -> None:
    import h5py

    with h5py.File(base / "other.h5", "w") as other:
        other["x"] = np.arange(64)
    layout = h5py.VirtualLayout((64,), "i8")
    layout[:] = h5py.VirtualSource(str(base / "other.h5"), "x", (64,))
    group.create_virtual_dataset("infos/stolen", layout)


def _plugin(group: Any, base: Path) -> None:
    import h5py

    del base
    plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plan.set_chunk((64,))
    plan.set_filter(32015, h5py.h5z.FLAG_OPTIONAL, (3,))
    space = h5py.h5s.create_simple((64,))
    name = b"infos/packed"
    h5py.h5d.create(group.id, name, h5py.h5t.NATIVE_INT64, space, plan)


def _huge(group: Any, base: Path) -> None:
    del base
    group.create_dataset("infos/huge", (10**13,), "f8", chunks=(1 << 20,))


def _fill(group: Any, base: Path) -> None:
    del base
    group.create_dataset("infos/fill", (4 * 10**8,), "f8", chunks=(1 << 16,), fillvalue=1.0)


def _bomb(group: Any, base: Path) -> None:
    del base
    shape = (1 << 27,)
    made = group.create_dataset("infos/bomb", shape, "f8", chunks=(1 << 20,), compression="gzip")
    chunk = zlib.compress(bytes(8 << 20), 9)
    for start in range(0, shape[0], 1 << 20):
        made.id.write_direct_chunk((start,), chunk)


def _double_deflate(group: Any, base: Path) -> None:
    import h5py

    del base
    plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plan.set_chunk((1 << 20,))
    plan.set_deflate(9)
    plan.set_deflate(9)
    space = h5py.h5s.create_simple((1 << 20,))
    h5py.h5d.create(group.id, b"infos/twice", h5py.h5t.NATIVE_INT64, space, plan)


def _aliased(group: Any, base: Path) -> None:
    """Let many rows share one long string, as the heap allows."""
    import h5py

    del base
    made = group.create_dataset("infos/alias", (400,), h5py.string_dtype())
    made[0] = "x" * 1_000_000
    group.file.flush()
    path, offset = group.file.filename, made.id.get_offset()
    group.file.close()
    with Path(path).open("r+b") as file:
        file.seek(offset)
        row = file.read(16)
        file.seek(offset)
        file.write(row * 400)


def _references(group: Any, base: Path) -> None:
    import h5py

    del base
    group.create_dataset("infos/refs", data=[group.ref], dtype=h5py.ref_dtype)


def _compound(group: Any, base: Path) -> None:
    del base
    group["infos/compound"] = np.zeros(3, [("a", "i4"), ("b", "f8")])


def _deep(group: Any, base: Path) -> None:
    del base
    for _ in range(40):
        group = group.create_group("deeper")


def _picture(data: bytes) -> Callable[[Any, Path], None]:
    """Store an encoded image where Minari's JPEG format has them."""

    def change(file: Any, base: Path) -> None:
        import h5py

        del base
        kind = h5py.vlen_dtype(np.uint8)
        made = file["episode_0/infos"].create_dataset("picture", (1,), kind)
        made[0] = np.frombuffer(data, np.uint8)

    return change


def _eps() -> bytes:
    return b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(ran) (w) file closefile\n"


def _entry_point(data: dict[str, Any], base: Path) -> None:
    spec = json.loads(data["env_spec"])
    spec |= {"entry_point": "subprocess:getoutput", "kwargs": {"cmd": f"touch {base}/ran"}}
    data["env_spec"] = json.dumps(spec)


def _no_space(data: dict[str, Any], base: Path) -> None:
    _entry_point(data, base)
    del data["observation_space"]


def _module_id(data: dict[str, Any], base: Path) -> None:
    (base / "evilmod.py").write_text(f"open({str(base / 'ran')!r}, 'w').close()")
    data["env_spec"] = json.dumps({"id": "evilmod:Env-v0"})
    data["teleop"]["env_id"] = ""


def _huge_space(data: dict[str, Any], base: Path) -> None:
    del base
    box = {"type": "Box", "dtype": "float64", "shape": [10**10], "low": 0, "high": 1}
    data["observation_space"] = json.dumps(box)


def _deep_space(data: dict[str, Any], base: Path) -> None:
    del base
    text = '{"type": "Tuple", "subspaces": [' * 3000 + "]}" * 3000
    data["observation_space"] = text


def _future(data: dict[str, Any], base: Path) -> None:
    del base
    data["teleop"]["schema"] = 99


def _truncated(base: Path) -> Path:
    folder = _dataset(base)
    path = _episode(folder)
    path.write_bytes(path.read_bytes()[:1000])
    (folder / "data" / "manifest.json").unlink()
    return folder


def _symlink(base: Path) -> Path:
    folder = _dataset(base)
    path = _episode(folder)
    outside = base / "outside.h5"
    path.rename(outside)
    path.symlink_to(outside)
    (folder / "data" / "manifest.json").unlink()
    return folder


def _zip(change: Callable[[zipfile.ZipFile, dict[str, Any]], None]) -> Callable[[Path], Path]:
    """Make a bundle with one change."""

    def make(base: Path) -> Path:
        target = base / "evil.teleop.zip"
        contents: dict[str, Any] = {"schema": 1, "dataset_id": "evil/data-v0", "files": {}}
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as bundle:
            change(bundle, contents)
            bundle.writestr("teleop.json", json.dumps(contents))
        return target

    return make


def _slip(bundle: zipfile.ZipFile, contents: dict[str, Any]) -> None:
    del contents
    bundle.writestr("evil/data-v0/../../../../ran", b"x")


def _zip_bomb(bundle: zipfile.ZipFile, contents: dict[str, Any]) -> None:
    del contents
    bundle.writestr("evil/data-v0/data/main_data.hdf5", bytes(300 << 20))


def _zip_lies(bundle: zipfile.ZipFile, contents: dict[str, Any]) -> None:
    bundle.writestr("evil/data-v0/data/metadata.json", b"{}")
    contents["files"]["data/metadata.json"] = {"size": 2, "sha256": "0" * 64}


def _zip_extra(bundle: zipfile.ZipFile, contents: dict[str, Any]) -> None:
    del contents
    bundle.writestr("evil/data-v0/policies/p/code.py", b"import os")


def _zip_link(bundle: zipfile.ZipFile, contents: dict[str, Any]) -> None:
    del contents
    entry = zipfile.ZipInfo("evil/data-v0/data/metadata.json")
    entry.external_attr = 0o120777 << 16
    bundle.writestr(entry, b"/etc/passwd")


def _zip_root(bundle: zipfile.ZipFile, contents: dict[str, Any]) -> None:
    del bundle
    contents["dataset_id"] = "../../outside-v0"


def _pickled_policy(base: Path) -> Path:
    folder = base / "recordings" / "p.policy"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "weights.safetensors").write_bytes(b"\x80\x04cos\nsystem\n.")
    return folder


_PNG_BOMB = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
    + (12000).to_bytes(4, "big") * 2
    + b"\x08\x02\x00\x00\x00"
)

# The maker, and words of the sentence that refuses the file; empty if it is read as plain data.
HOSTILE: dict[str, tuple[Callable[[Path], Path], str]] = {
    "entry point runs a command": (_described(_entry_point), ""),
    "no space, so that an environment is made": (_described(_no_space), "does not name its"),
    "environment id imports a module": (_described(_module_id), ""),
    "external link": (_indexed(_external_link), "refers to data in another file"),
    "external raw storage": (_edited(_external_storage), "refers to raw data in another file"),
    "virtual dataset": (_edited(_virtual), "virtual dataset"),
    "soft link": (_edited(_soft_link), "soft link"),
    "cycle of hard links": (_edited(_cycle), "twice (a cycle)"),
    "filter plugin": (_edited(_plugin), "requires the filter plugin"),
    "references": (_edited(_references), "references to other objects"),
    "compound records": (_edited(_compound), "compound records"),
    "huge shape": (_edited(_huge), "of memory"),
    "fill value of gigabytes": (_edited(_fill), "to 3200 MB in"),
    "gzip bomb": (_edited(_bomb), "decompression bomb"),
    "double deflate": (_edited(_double_deflate), "twice (decompression bomb)"),
    "strings that share one heap object": (_edited(_aliased), "add up to more than the file"),
    "forty groups deep": (_edited(_deep), "nests deeper"),
    "picture that is EPS": (_indexed(_picture(_eps())), "neither JPEG nor PNG"),
    "picture of 12000 by 12000": (_indexed(_picture(_PNG_BOMB)), ""),
    "space of 80 GB": (_described(_huge_space), "too large"),
    "space nested 3000 deep": (_described(_deep_space), "cannot be read"),
    "version of the future": (_described(_future), "newer version of Teleop"),
    "episode file cut off": (_truncated, "cannot be read"),
    "episode file that is a link": (_symlink, "not a regular file"),
    "zip that climbs out": (_zip(_slip), "contains the unsafe path"),
    "zip bomb": (_zip(_zip_bomb), "decompression bomb"),
    "zip with a wrong hash": (_zip(_zip_lies), "does not match its SHA-256"),
    "zip with code in it": (_zip(_zip_extra), "does not list"),
    "zip with a link in it": (_zip(_zip_link), "holds a link"),
    "zip with an id outside": (_zip(_zip_root), "which is not valid"),
    "policy that is a pickle": (_pickled_policy, "cannot be read"),
}


if __name__ == "__main__":
    print(json.dumps(_watch(Path(sys.argv[1]), Path(sys.argv[2]))))  # noqa: T201
