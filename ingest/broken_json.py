"""What decoding JSON from strangers can raise."""

from __future__ import annotations

import msgspec

BROKEN_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""Broken or of another shape; text that is not UTF-8, which msgspec finds only where it is read; nested too deeply."""
