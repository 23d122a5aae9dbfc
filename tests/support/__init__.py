"""What tests share: a tiny course, notebooks, processes, a browser."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
