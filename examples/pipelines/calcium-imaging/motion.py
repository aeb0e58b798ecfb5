"""Rigid and piecewise-rigid motion correction by phase correlation.

The shift between a frame and the template is the peak of their phase correlation (Kuglin and Hines 1975), refined to a fraction of a pixel by a parabola through
the peak's neighbours. Piecewise: the same on overlapping patches, their shifts limited to a distance from the rigid one and interpolated between patches, as
NoRMCorre does (Pnevmatikakis and Giovannucci 2017).
"""
import numpy as np
from scipy import ndimage


def window(shape):
    """Tapers the edges, which do not move with the sample."""
    return np.outer(np.hanning(shape[0] + 2)[1:-1], np.hanning(shape[1] + 2)[1:-1]).astype(np.float32)


def spectrum(image, taper):
    return np.fft.rfft2((image - image.mean()) * taper)


def parabola(before, at, after):
    """Where between -0.5 and 0.5 three neighbours have their peak."""
    bend = before - 2 * at + after
    return 0.0 if bend >= 0 else float(np.clip(0.5 * (before - after) / bend, -0.5, 0.5))


def shift_of(template, frame, shape, most):
    """(y, x) by which a frame has to move onto the template; both as spectra. `most`: the largest shift in each direction."""
    cross = template * np.conj(frame)
    surface = np.fft.irfft2(cross / np.maximum(np.abs(cross), 1e-9), shape)
    reach = [min(int(m), s // 2 - 1) for m, s in zip(most, shape)]
    near = np.roll(surface, reach, axis=(0, 1))[: 2 * reach[0] + 1, : 2 * reach[1] + 1]
    y, x = np.unravel_index(np.argmax(near), near.shape)
    fine = [0.0, 0.0]
    if 0 < y < near.shape[0] - 1:
        fine[0] = parabola(near[y - 1, x], near[y, x], near[y + 1, x])
    if 0 < x < near.shape[1] - 1:
        fine[1] = parabola(near[y, x - 1], near[y, x], near[y, x + 1])
    return np.array([y - reach[0] + fine[0], x - reach[1] + fine[1]], np.float32)


def starts(length, stride, overlap):
    """Where patches of stride + overlap pixels begin, the last one flush with the edge."""
    size = min(stride + overlap, length)
    return sorted({*range(0, length - size + 1, stride), length - size}), size


def correct(stack, p, progress):
    """The moved stack, and the rigid shift of each frame (frames x 2, in pixels)."""
    shape, taper = stack.shape[1:], window(stack.shape[1:])
    smooth = np.stack([ndimage.gaussian_filter(f, p["smooth_sigma"]) for f in stack]) if p["smooth_sigma"] > 0 else stack
    shifts = np.zeros((len(stack), 2), np.float32)
    template = np.median(smooth[:: max(1, len(stack) // 100)], axis=0)
    rounds = p["niter_rig"]
    for round_ in range(rounds):
        reference = spectrum(template, taper)
        for t, frame in enumerate(smooth):
            shifts[t] = shift_of(reference, spectrum(frame, taper), shape, p["max_shifts"])
            if t % 50 == 49 or t == len(stack) - 1:
                progress(round_ * len(stack) + t + 1, rounds * len(stack))
        moved = np.stack([ndimage.shift(f, s, order=1, mode="nearest") for f, s in zip(smooth, shifts)])
        template = np.median(moved[:: max(1, len(stack) // 200)], axis=0)
    if not p["pw_rigid"]:
        return np.stack([ndimage.shift(f, s, order=1, mode="nearest") for f, s in zip(stack, shifts)]), shifts

    (ys, high), (xs, wide) = starts(shape[0], p["strides"][0], p["overlaps"][0]), starts(shape[1], p["strides"][1], p["overlaps"][1])
    small = window((high, wide))
    references = {(y, x): spectrum(template[y: y + high, x: x + wide], small) for y in ys for x in xs}
    grid = np.meshgrid(np.arange(shape[0]), np.arange(shape[1]), indexing="ij")
    limit = p["max_deviation_rigid"]
    out = np.empty_like(stack)
    for t, frame in enumerate(smooth):
        field = np.zeros((2, len(ys), len(xs)), np.float32)
        for i, y in enumerate(ys):
            for j, x in enumerate(xs):
                own = shift_of(references[y, x], spectrum(frame[y: y + high, x: x + wide], small), (high, wide), p["max_shifts"])
                field[:, i, j] = shifts[t] + np.clip(own - shifts[t], -limit, limit)
        at = [np.interp(np.arange(n), np.array(s) + size / 2, np.arange(len(s))) for n, s, size in ((shape[0], ys, high), (shape[1], xs, wide))]
        where = np.meshgrid(*at, indexing="ij")
        dense = [ndimage.map_coordinates(f, where, order=1, mode="nearest") for f in field]
        out[t] = ndimage.map_coordinates(stack[t], [g - d for g, d in zip(grid, dense)], order=1, mode="nearest")
        if t % 50 == 49 or t == len(stack) - 1:
            progress(t + 1, len(stack))
    return out, shifts
