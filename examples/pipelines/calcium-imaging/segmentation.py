"""Background removal, summary images and segmentation into cells.

Pixels of one cell rise and fall together: cells are looked for where the correlation of a pixel with its neighbours is high and its peak stands out of the noise,
the two images that CNMF-E starts from (Zhou et al. 2018).
"""
import numpy as np
from scipy import ndimage


def without_background(stack, p):
    """The stack less what is shared by space or time; frames x height x width."""
    how = p["background"]
    if how == "none":
        return stack - stack.mean(axis=0)
    if how == "gaussian":
        return np.stack([f - ndimage.gaussian_filter(f, p["background_sigma"]) for f in stack])
    still = np.percentile(stack, p["background_percentile"], axis=0).astype(np.float32)
    rest = stack - still
    return rest - np.median(rest, axis=(1, 2), keepdims=True)


def noise_of(x, axis):
    """Standard deviation of white noise from the differences of neighbours in time."""
    return np.median(np.abs(np.diff(x, axis=axis)), axis=axis) / (0.6745 * np.sqrt(2)) + 1e-6


def summary_images(clean, p):
    """(correlation with the neighbours, peak to noise), each height x width."""
    smooth = np.stack([ndimage.gaussian_filter(f, p["gSig"] / 4) for f in clean])
    z = smooth - smooth.mean(axis=0)
    z /= np.sqrt((z ** 2).mean(axis=0)) + 1e-6
    total, pairs = np.zeros(z.shape[1:], np.float32), np.zeros(z.shape[1:], np.float32)
    for dy, dx in ((0, 2), (2, 0), (2, 2), (2, -2)):
        a = z[:, : z.shape[1] - dy, max(0, -dx): z.shape[2] - max(0, dx)]
        b = z[:, dy:, max(0, dx): z.shape[2] + min(0, dx)]
        r = (a * b).mean(axis=0)
        for ys, xs in ((slice(0, z.shape[1] - dy), slice(max(0, -dx), z.shape[2] - max(0, dx))), (slice(dy, None), slice(max(0, dx), z.shape[2] + min(0, dx)))):
            total[ys, xs] += r
            pairs[ys, xs] += 1
    peak = (np.percentile(smooth, 99.5, axis=0) - np.median(smooth, axis=0)) / noise_of(smooth, 0)
    return total / pairs, peak


def segment(correlation, peak, p):
    """Labels 1..n by falling strength, 0 where there is no cell. Touching cells are parted along the valley between their peaks."""
    score = ndimage.gaussian_filter(correlation, p["gSig"] / 3)
    mask = (score > p["threshold"]) & (peak > p["min_pnr"])
    mask = ndimage.binary_opening(mask)
    edge = p["border"]
    if edge:
        mask[:edge], mask[-edge:], mask[:, :edge], mask[:, -edge:] = False, False, False, False
    size = 2 * int(np.ceil(p["gSig"])) + 1
    tops = (ndimage.maximum_filter(score, size) == score) & mask
    seeds, count = ndimage.label(tops)
    if count == 0:
        return np.zeros(score.shape, np.int32)
    # Each pixel of the mask goes to the nearest peak of its own connected part.
    parts, _ = ndimage.label(mask)
    labels = np.zeros(score.shape, np.int32)
    points = np.argwhere(tops)
    for part in range(1, parts.max() + 1):
        inside = np.argwhere(parts == part)
        own = points[parts[tuple(points.T)] == part]
        if len(own) == 0:
            continue
        far = ((inside[:, None, :] - own[None]) ** 2).sum(axis=2)
        labels[tuple(inside.T)] = seeds[tuple(own[far.argmin(axis=1)].T)]
    kept = [i for i in range(1, count + 1) if p["min_area"] <= (labels == i).sum() <= p["max_area"]]
    kept.sort(key=lambda i: -float(score[labels == i].mean()))
    out = np.zeros(score.shape, np.int32)
    for new, old in enumerate(kept[: p["max_cells"]], start=1):
        out[labels == old] = new
    return out
