"""Draws a stack to try the pipeline on: cells that flash on an uneven background, a sample that drifts and shakes, and shot noise. Fixed seed.

Usage: make_stack.py OUTPUT.tif [--frames 300] [--size 96] [--cells 12] [--seed 1]
"""
import argparse

import numpy as np
import tifffile
from scipy import ndimage

ask = argparse.ArgumentParser()
ask.add_argument("output")
for name, value in (("frames", 300), ("size", 96), ("cells", 12), ("seed", 1)):
    ask.add_argument(f"--{name}", type=int, default=value)
a = ask.parse_args()
rng = np.random.default_rng(a.seed)

pad = 12
n = a.size + 2 * pad
y, x = np.mgrid[:n, :n]
places = []
while len(places) < a.cells:
    at = rng.uniform(pad + 8, n - pad - 8, 2)
    if all(np.hypot(*(at - b)) > 11 for b in places):
        places.append(at)
shapes = [np.exp(-(((y - cy) / rng.uniform(2.6, 3.6)) ** 2 + ((x - cx) / rng.uniform(2.6, 3.6)) ** 2) ** 2) for cy, cx in places]
calcium = ndimage.convolve1d((rng.random((a.cells, a.frames)) < 0.02).astype(float), np.r_[np.zeros(60), np.exp(-np.arange(60) / 12.0)][::-1], axis=1, mode="constant")
still = 180 + 60 * ndimage.gaussian_filter(rng.normal(size=(n, n)), 9) * 9 + 25 * ndimage.gaussian_filter(rng.normal(size=(n, n)), 1.2)
drift = np.cumsum(rng.normal(0, 0.18, (a.frames, 2)), axis=0) + 1.2 * np.sin(np.arange(a.frames) / 9.0)[:, None]
drift = np.clip(drift, -6, 6)

stack = np.empty((a.frames, a.size, a.size), np.uint16)
for t in range(a.frames):
    frame = still + sum(s * (25 + 130 * c[t]) for s, c in zip(shapes, calcium))
    frame = ndimage.shift(frame, drift[t], order=1, mode="nearest")[pad:-pad, pad:-pad]
    stack[t] = np.clip(rng.poisson(np.maximum(frame, 1)), 0, 65535)
tifffile.imwrite(a.output, stack)
