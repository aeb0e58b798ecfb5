"""Fluorescence of each cell over time: less neuropil, over its own baseline, with events."""
import numpy as np
from scipy import ndimage

from segmentation import noise_of


def extract(stack, labels, p):
    """(dF/F: cells x frames, noise of each, frames at which each one's events begin)."""
    count, frames = int(labels.max()), len(stack)
    dff = np.zeros((count, frames), np.float32)
    flat = stack.reshape(frames, -1)
    others = labels > 0
    for i in range(count):
        own = labels == i + 1
        trace = flat[:, own.ravel()].mean(axis=1)
        ring = ndimage.binary_dilation(own, iterations=p["neuropil_inner"] + p["neuropil_width"]) & ~ndimage.binary_dilation(own, iterations=max(1, p["neuropil_inner"])) & ~others
        if p["neuropil_factor"] > 0 and ring.any():
            around = flat[:, ring.ravel()].mean(axis=1)
            trace = trace - p["neuropil_factor"] * (around - around.mean())
        # The baseline is a low percentile in a window that moves along, as long as the slowest drift.
        window = max(3, int(p["baseline_window"] * p["frame_rate"]))
        base = ndimage.uniform_filter1d(ndimage.percentile_filter(trace, p["baseline_percentile"], size=min(window, frames)), min(window, frames))
        dff[i] = (trace - base) / np.maximum(base, 1.0)
    noise = noise_of(dff, 1) if count else np.zeros(0)
    events = []
    for x, sd in zip(dff, noise):
        over = ndimage.gaussian_filter1d(x, p["event_smooth"] * p["frame_rate"]) > p["event_threshold"] * sd
        events.append(np.flatnonzero(over[1:] & ~over[:-1]) + 1)
    return dff, noise, events
