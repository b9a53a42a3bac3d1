"""Data of others outside the repository, for tests and benches: `../shared`, or the folder NEWSWARC_SHARED.

NEWSWARC_SAVED_PAGES names a folder of further saved pages, with folders below it, for the bench `saved`.
"""

from __future__ import annotations

import os
from pathlib import Path

SHARED = Path(os.environ.get("NEWSWARC_SHARED") or Path(__file__).resolve().parents[2] / "shared")
SAVED = os.environ.get("NEWSWARC_SAVED_PAGES")
CORPUS = SHARED / "corpus"
"""Real pages, what is true of them, and their scorer."""
GOLD = SHARED / "gold"
"""Names, texts and questions in many languages, and their scorer."""
SEED = SHARED / "seed-case"
"""One reference article, printed, and the facts in it."""
