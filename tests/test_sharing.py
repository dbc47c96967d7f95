"""A dataset is published and fetched: whole, resumed, with a card, checked like any import.

The hub is a local server that stands in for its API (`tests.harness.hub_server`).
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from teleop import curation, paths
from teleop.errors import HostileFileError, RecordingError, RemoteError
from teleop.recording import Library
from teleop.sharing.fetching import Fetching
from teleop.sharing.publishing import iter_publish
from tests.harness.cli import as_json, one_sentence
from tests.harness.cli import teleop as command
from tests.harness.hub_server import TOKEN, Hub, hub

SAMPLE, STEM = "cartpole-v1/sample-v0", "sample-v0"


@pytest.fixture
def library(tmp_path: Path) -> Library:
    root = tmp_path / "recordings"
    shutil.copytree(paths.samples_folder() / "cartpole-v1", root / "cartpole-v1")
    return Library(root)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("teleop.sharing.fetching.cache_folder", lambda: tmp_path / "cache")
    return tmp_path / "cache"


@pytest.fixture
def shared(library: Library, tmp_path: Path) -> str:
    """The address of a published dataset, whose episodes were re-simulated."""
    list(curation.verify(library.existing(SAMPLE)))
    address = (tmp_path / "shared/cartpole-v1").as_uri()
    published(library, address)
    return address


def published(library: Library, address: str) -> list[str]:
    dataset = library.existing(SAMPLE)
    return [name for _, _, name in iter_publish(dataset, address, "cc-by-4.0") if name]


def fetched(library: Library, address: str) -> list[str]:
    fetching = Fetching(address, library, "back/cart-v0")
    return [name for _, _, name in fetching.run()]


def test_what_was_published_comes_back(library: Library, shared: str, tmp_path: Path) -> None:
    dataset = library.existing(SAMPLE)
    fetched(library, f"{shared}/{STEM}")
    back = library.existing("back/cart-v0")
    assert [row.uuid for row in back.rows()] == [row.uuid for row in dataset.rows()]
    assert [row.sha256 for row in back.rows()] == [row.sha256 for row in dataset.rows()]
    card = (tmp_path / "shared/cartpole-v1/README.md").read_text("utf-8")
    assert card.startswith("---\nlicense: cc-by-4.0\n")
    for fact in ("6 (6 by scripts)", "6 of 6 episodes", "67% of 6"):
        assert fact in card
    measured = as_json("profile", SAMPLE, here=tmp_path)[0]  # never the usual one as if measured
    assert f"| Reaction time | {measured['found']} |" in card
    assert "typically" not in card
    listed = json.loads((tmp_path / "shared/cartpole-v1/namespace_metadata.json").read_text())
    assert listed["datasets"] == ["cartpole-v1/sample-v0"]


def test_an_upload_that_was_cut_goes_on(library: Library, tmp_path: Path) -> None:
    address = (tmp_path / "shared/cartpole-v1").as_uri()
    dataset = library.existing(SAMPLE)
    upload = iter_publish(dataset, address, "mit")
    first = [next(upload)[2] for _ in range(6)]
    upload.close()
    with pytest.raises(RemoteError, match=r"holds no dataset|its upload was cut"):
        fetched(library, address)
    again = published(library, address)
    sent = {name for name in first if "/episodes/" in name}
    assert sent
    assert not sent & set(again)
    assert fetched(library, address)


def test_a_download_that_was_cut_goes_on(library: Library, shared: str, cache: Path) -> None:
    download = Fetching(shared, library, "back/cart-v0").run()
    for _ in range(4):
        next(download)
    download.close()
    times = {path: path.stat().st_mtime_ns for path in cache.rglob("*.h5")}
    assert times
    download = Fetching(shared, library, "back/cart-v0").run()
    for _ in range(4):
        next(download)
    assert {path: path.stat().st_mtime_ns for path in times} == times  # not fetched again
    assert list(download)
    assert library.existing("back/cart-v0").rows()
    assert not list(cache.rglob("*.h5"))


@pytest.mark.parametrize("kept", [0.5, 0.0])
def test_a_file_half_uploaded_is_named(
    library: Library, shared: str, tmp_path: Path, kept: float
) -> None:
    path = next((tmp_path / "shared/cartpole-v1" / STEM / "data/episodes").glob("000003-*"))
    path.write_bytes(path.read_bytes()[: int(kept * path.stat().st_size)])
    with pytest.raises(RemoteError, match=f"{path.name} .*its upload was cut"):
        fetched(library, shared)
    assert not library.dataset("back/cart-v0").exists


def test_a_damaged_file_is_named(library: Library, shared: str, tmp_path: Path) -> None:
    path = next((tmp_path / "shared/cartpole-v1" / STEM / "data/episodes").glob("000003-*"))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 255
    path.write_bytes(data)
    with pytest.raises(RemoteError, match=f"{path.name} .*does not match its SHA-256"):
        fetched(library, shared)


@pytest.mark.parametrize("name", ["../../escape.txt", "data/episodes/x.py", "/etc/passwd"])
def test_a_list_may_not_name_what_does_not_belong(
    library: Library, shared: str, tmp_path: Path, name: str
) -> None:
    path = tmp_path / "shared/cartpole-v1" / STEM / "teleop.json"
    contents = json.loads(path.read_text())
    contents["files"][name] = {"size": 1, "sha256": "0" * 64}
    path.write_text(json.dumps(contents))
    with pytest.raises(HostileFileError, match="does not belong in a dataset"):
        fetched(library, shared)
    assert not list(tmp_path.rglob("escape.txt"))


def test_several_datasets_are_told_apart(library: Library, shared: str, tmp_path: Path) -> None:
    shutil.copytree(paths.samples_folder() / "teleop-twogates-v0", library.root / "gates")
    other = library.existing("gates/sample-v0")
    list(iter_publish(other, (tmp_path / "shared/cartpole-v1/more").as_uri(), "mit"))
    with pytest.raises(RemoteError, match=r"holds 2 datasets; fetch one of them: .*sample-v0"):
        fetched(library, shared)


def test_another_dataset_of_the_same_name_is_not_overwritten(
    library: Library, shared: str, tmp_path: Path
) -> None:
    shutil.copytree(paths.samples_folder() / "teleop-twogates-v0", library.root / "gates")
    before = {p: p.read_bytes() for p in (tmp_path / "shared").rglob("*") if p.is_file()}
    with pytest.raises(RemoteError, match="holds cartpole-v1/sample-v0 under the name sample-v0"):
        list(iter_publish(library.existing("gates/sample-v0"), shared, "mit"))
    assert {p: p.read_bytes() for p in before} == before


def test_two_datasets_have_a_card_each(library: Library, shared: str, tmp_path: Path) -> None:
    library.rename(SAMPLE, "cartpole-v1/second-v0")
    list(iter_publish(library.existing("cartpole-v1/second-v0"), shared, "mit"))
    folder = tmp_path / "shared/cartpole-v1"
    text = (folder / "README.md").read_text("utf-8")
    assert "license: other" in text
    assert (
        f"| [sample-v0](sample-v0/README.md) | cc-by-4.0 | `teleop fetch {shared}/sample-v0` |"
        in text
    )
    assert "license: mit" in (folder / "second-v0/README.md").read_text("utf-8")


def test_a_page_that_somebody_wrote_stays(library: Library, shared: str, tmp_path: Path) -> None:
    page = tmp_path / "shared/cartpole-v1/README.md"
    page.write_text("my own page")
    published(library, shared)
    assert page.read_text() == "my own page"


def test_what_was_deleted_is_withdrawn(library: Library, shared: str, tmp_path: Path) -> None:
    dataset = library.existing(SAMPLE)
    dataset.writer.claim()
    gone = dataset.rows()[2].file
    dataset.writer.delete(gone)
    dataset.writer.release()
    published(library, shared)
    there = {path.name for path in (tmp_path / "shared").rglob("*.h5")}
    assert gone not in there
    assert len(there) == 5
    fetched(library, f"{shared}/{STEM}")


def test_more_than_fits_is_not_begun(library: Library, shared: str, tmp_path: Path) -> None:
    path = tmp_path / "shared/cartpole-v1" / STEM / "teleop.json"
    contents = json.loads(path.read_text())
    name = "data/episodes/000009-0123456789ab.h5"
    for size, kind in ((1 << 50, HostileFileError), (-1, HostileFileError)):
        contents["files"][name] = {"size": size, "sha256": "0" * 64}
        path.write_text(json.dumps(contents))
        with pytest.raises(kind, match=r"Nothing was fetched"):
            fetched(library, shared)


def test_a_login_in_an_address_is_never_shown(library: Library) -> None:
    from teleop.sharing.remote_folder import without_login

    address = "ftp://me:secret@127.0.0.1:9/folder"
    assert without_login(address) == "ftp://127.0.0.1:9/folder"
    with pytest.raises(RemoteError, match=r"127.0.0.1:9/folder cannot be reached") as caught:
        published(library, address)
    assert "secret" not in str(caught.value)


def test_a_dataset_of_minari_is_fetched(library: Library, tmp_path: Path) -> None:
    curation.export(
        library.existing(SAMPLE), library.existing(SAMPLE).rows(), "minari", tmp_path / "m"
    )
    fetched(library, (tmp_path / "m").as_uri())
    assert len(library.existing("back/cart-v0").rows()) == 6


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("nowhere", "is not an address"),
        ("file://", "is not an address"),
        ("what://x/y", "is not understood"),
        ("hf://ann", "names no dataset repository"),
        ("file:///nowhere/at/all", "holds no dataset"),
    ],
)
def test_a_wrong_address_is_one_sentence(library: Library, address: str, words: str) -> None:
    with pytest.raises(RemoteError, match=words):
        fetched(library, address)


def test_what_cannot_be_published_is_said(library: Library, tmp_path: Path) -> None:
    line = ("publish", SAMPLE, (tmp_path / "x").as_uri())
    assert "Say which licence" in one_sentence(command(*line, here=tmp_path, code=2))
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RemoteError, match="cannot be reached or written"):
        published(library, (tmp_path / "file/below").as_uri())
    dataset = library.existing(SAMPLE)
    dataset.writer.claim()
    for row in dataset.rows():
        dataset.writer.delete(row.file)
    dataset.writer.release()
    with pytest.raises(RecordingError, match="has no episodes"):
        published(library, (tmp_path / "x").as_uri())


# ------------------------------------------------------------ the hub


@pytest.fixture
def server() -> Iterator[Hub]:
    with hub() as server:
        yield server


def environment(server: Hub, here: Path, token: str = TOKEN) -> dict[str, str]:
    return {
        "HF_ENDPOINT": server.address,
        "HF_TOKEN": token,
        "HF_HOME": str(here / "hf"),
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "XDG_CACHE_HOME": str(here / "xdg"),
    }


def test_the_hub_keeps_what_minari_finds(library: Library, server: Hub, tmp_path: Path) -> None:
    known = environment(server, tmp_path)
    line = ("publish", SAMPLE, "hf://ann/cartpole-v1", "--licence", "mit")
    server.cut_after = 3
    said = one_sentence(command(*line, here=tmp_path, env=known, code=2))
    assert "HTTP 413" in said
    assert TOKEN not in said
    server.cut_after = None
    done = command(*line, here=tmp_path, env=known)
    assert TOKEN not in done.stdout + done.stderr
    assert server.uploads == 7  # six episodes and the index, none of them twice
    command("fetch", "hf://ann/cartpole-v1", "--name", "hub/cart-v0", here=tmp_path, env=known)
    assert len(library.existing("hub/cart-v0").rows()) == 6
    script = (
        "import minari; minari.download_dataset('cartpole-v1/sample-v0'); "
        "print(len(minari.load_dataset('cartpole-v1/sample-v0')))"
    )
    own = known | {"MINARI_REMOTE": "hf://ann", "MINARI_DATASETS_PATH": str(tmp_path / "minari")}
    loaded = subprocess.run(
        [sys.executable, "-c", script], env=own, capture_output=True, text=True, check=True
    )
    assert loaded.stdout.splitlines()[-1] == "6"


@pytest.mark.parametrize(
    ("token", "endpoint", "words"),
    [
        ("hf_wrong", "", "refuses the token. Log in with `hf auth login`"),
        (TOKEN, "http://127.0.0.1:9", "cannot be reached"),
    ],
)
def test_a_hub_that_refuses_is_one_sentence(
    library: Library, server: Hub, tmp_path: Path, token: str, endpoint: str, words: str
) -> None:
    known = environment(server, tmp_path, token)
    known |= {"HF_ENDPOINT": endpoint} if endpoint else {}
    line = ("publish", SAMPLE, "hf://ann/cartpole-v1", "--licence", "mit")
    said = one_sentence(command(*line, here=tmp_path, env=known, code=2))
    assert words in said
    assert token not in said
    assert library.existing(SAMPLE).rows()
