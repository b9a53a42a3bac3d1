"""py3langid's tables, unpacked once into the user's cache: to unpack them takes half a second, to map them none."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Collection
from pathlib import Path

import numpy as np
from py3langid.langid import MODEL_DIR, MODEL_FILE, LanguageIdentifier
from py3langid.modelio import load_model

from search.entities.registry import DAY, cache_folder

TABLES = ("features", "priors", "names", "moves", "rows", "outputs")
"""In the order in which `load_model` gives them: of features by language, of languages, of the automaton."""


def identifier_of(languages: Collection[str], cache: Path | None = None) -> LanguageIdentifier:
    """Tells these languages apart, as far as the model knows them; `cache`: instead of the user's."""
    model = MODEL_DIR / MODEL_FILE
    digest = hashlib.sha256(model.read_bytes() + ",".join(sorted(languages)).encode()).hexdigest()[:12]
    folder = (cache or cache_folder()) / f"language-{digest}"
    try:
        return _mapped(folder)
    except (OSError, ValueError, EOFError):  # not there yet, or damaged
        tables = _restricted(load_model(model), languages)
        _keep(tables, folder)
        return _identifier(*tables)


def _restricted(tables: tuple[object, ...], languages: Collection[str]) -> list[np.ndarray]:
    features, priors, names, *automaton = map(np.asarray, tables)
    known = [number for number, name in enumerate(names) if name in languages]
    return [np.ascontiguousarray(features[:, known]), priors[known], names[known], *automaton]


def _mapped(folder: Path) -> LanguageIdentifier:
    return _identifier(*(np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False) for name in TABLES))


def _identifier(
    features: np.ndarray, priors: np.ndarray, names: np.ndarray, moves: np.ndarray, rows: np.ndarray,
    outputs: np.ndarray,
) -> LanguageIdentifier:  # fmt: skip
    # The automaton is walked letter by letter: a view gives its numbers as Python's own, an array of numpy does not.
    return LanguageIdentifier(
        np.asarray(features), np.asarray(priors), names.tolist(), moves.data, outputs.tolist(),
        norm_probs=True, tk_row=rows.tolist(),
    )  # fmt: skip


def _keep(tables: list[np.ndarray], folder: Path) -> None:
    """Puts them there whole or not at all; without room each process unpacks them for itself."""
    made = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=".language-", dir=folder.parent))
        for name, table in zip(TABLES, tables, strict=True):
            np.save(made / f"{name}.npy", table, allow_pickle=False)
        shutil.rmtree(folder, ignore_errors=True)
        os.rename(made, folder)
        _tidy(folder)
    except OSError:  # no room or no right, or another process was faster
        if made:
            shutil.rmtree(made, ignore_errors=True)


def _tidy(new: Path) -> None:
    """Removes those of other versions, and what broken-off work left; who has mapped one keeps it."""
    for other in new.parent.glob("*language-*"):
        if other != new and time.time() - other.stat().st_mtime > DAY:
            shutil.rmtree(other, ignore_errors=True)
