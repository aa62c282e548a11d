"""Kintsugi: offline photo repair and synthesis for photographers."""

__version__ = "0.1.0"
