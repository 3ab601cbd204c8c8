"""State files: whole, checked, and named when they are not sound."""

from __future__ import annotations

import hashlib
import json
import os
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as stn

from pipeline import store
from pipeline.detect.state import Alert, Baseline, arrays
from pipeline.errors import Exit, MinewardenError

quick = settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
TYPES = st.sampled_from([np.uint8, np.int8, np.uint16, np.int16, np.float32, np.float64, np.int64])


def small(seed: int = 1) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {
        "a": rng.integers(0, 9000, (3, 20, 30)).astype(np.int16),
        "b": rng.normal(0, 1, (4, 5)).astype(np.float32),
        "none": np.zeros((0, 6), np.uint8),
    }


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "2024-05" / "r000c000.alert"
    store.write(path, small(), "key")
    return path


def refused(path: Path) -> MinewardenError:
    with pytest.raises(MinewardenError) as caught:
        store.read(path)
    assert caught.value.exit_code == Exit.DAMAGED == 5
    assert str(path) in caught.value.message
    return caught.value


@quick
@given(
    st.dictionaries(st.text("abc_", min_size=1), stn.arrays(TYPES, stn.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=7)), max_size=4),
    st.text(),
)
def test_what_was_written_is_read(tmp_path: Path, given_arrays: dict[str, np.ndarray], key: str) -> None:
    path = tmp_path / "x"
    store.write(path, given_arrays, key)
    found = store.read(path)
    assert list(found) == list(given_arrays)
    for name, array in given_arrays.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)
        assert found[name].flags.writeable
    assert store.key_of(path) == key


@pytest.mark.parametrize("kind", [Baseline, Alert])
def test_states_come_back_as_they_were(tmp_path: Path, kind: type[Baseline] | type[Alert]) -> None:
    state = kind.empty(6, 9, 11)
    rng = np.random.default_rng(2)
    for array in state:
        array[:] = rng.integers(0, 100, array.shape)
    store.write(tmp_path / "s", arrays(state), "k")
    for name, array in store.read(tmp_path / "s").items():
        np.testing.assert_array_equal(array, getattr(state, name))


def test_arrays_that_are_cut_out_of_others(tmp_path: Path) -> None:
    whole = np.arange(60, dtype=np.uint16).reshape(6, 10)
    store.write(tmp_path / "s", {"cut": whole[1::2, ::3]}, "k")
    np.testing.assert_array_equal(store.read(tmp_path / "s")["cut"], whole[1::2, ::3])


@quick
@given(st.integers(0, 10**9), st.integers(1, 255))
def test_a_flipped_byte_anywhere_is_noticed(file: Path, where: int, by: int) -> None:
    whole = file.read_bytes()
    raw = bytearray(whole)
    raw[where % len(raw)] ^= by
    file.write_bytes(raw)
    refused(file)
    file.write_bytes(whole)


@quick
@given(st.integers(0, 10**9))
def test_a_file_cut_short_is_noticed(file: Path, length: int) -> None:
    whole = file.read_bytes()
    file.write_bytes(whole[: length % len(whole)])
    refused(file)
    file.write_bytes(whole)


def test_blocks_of_zeros_from_a_killed_machine_are_noticed(file: Path) -> None:
    raw = bytearray(file.read_bytes())
    raw[-64:] = bytes(64)
    file.write_bytes(raw)
    assert "checksum" in refused(file).message
    assert store.key_of(file) is None


def test_what_is_no_state_file(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"II*\0" + bytes(100))
    assert "not a state file" in refused(tmp_path / "x").message
    assert "read" in refused(tmp_path / "missing").message


def test_a_newer_version_asks_for_an_update(file: Path) -> None:
    raw = file.read_bytes()
    (size,) = struct.unpack("<I", raw[store.START : store.START + 4])
    body = raw[store.START + 4 :]
    head = json.dumps(json.loads(body[:size]) | {"version": store.VERSION + 1}).encode()
    rest = struct.pack("<I", len(head)) + head + body[size:]
    file.write_bytes(store.sealed(rest))
    error = refused(file)
    assert error.code == "MW-STATE-VERSION"
    assert "Update" in error.fix
    with pytest.raises(MinewardenError, match="MW-STATE-VERSION"):
        store.key_of(file)  # else it would be taken for a missing file, and written over


def test_a_failed_write_leaves_the_old_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        store.write(file, small(2), "new")
    assert store.key_of(file) == "key"
    np.testing.assert_array_equal(store.read(file)["a"], small()["a"])


def test_a_file_left_half_written_does_not_disturb(file: Path) -> None:
    file.with_suffix(".partial").write_bytes(b"half")
    store.write(file, small(3), "new")
    assert store.key_of(file) == "new"
    assert [p.name for p in file.parent.iterdir()] == [file.name]


def test_files_of_the_form_before_are_read(file: Path) -> None:
    """They bear a SHA-256, and their damage is noticed too."""
    rest = file.read_bytes()[store.START :]
    older = bytearray(store.OLDER + hashlib.sha256(rest).digest() + rest)
    file.write_bytes(older)
    assert store.key_of(file) == "key"
    np.testing.assert_array_equal(store.read(file)["a"], small()["a"])
    older[-1] ^= 1
    file.write_bytes(older)
    refused(file)
