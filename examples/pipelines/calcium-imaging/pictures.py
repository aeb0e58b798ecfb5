"""Images of results as PNG."""
import numpy as np
from PIL import Image
from scipy import ndimage

palette = np.array([[230, 159, 0], [86, 180, 233], [0, 158, 115], [240, 228, 66], [0, 114, 178], [213, 94, 0], [204, 121, 167]], np.uint8)  # Okabe and Ito


def levels(image):
    low, high = np.percentile(image, [1, 99.7])
    return (255 * np.clip((image - low) / max(high - low, 1e-6), 0, 1)).astype(np.uint8)


def save(picture, path):
    scale = max(1, 512 // max(picture.shape[:2]))
    Image.fromarray(np.repeat(np.repeat(picture, scale, axis=0), scale, axis=1)).save(path, optimize=True)


def grey(image, path):
    save(levels(image), path)


def overlay(image, labels, path):
    """The outline of each cell over the image."""
    scale = max(1, 512 // max(image.shape))
    picture = np.repeat(levels(image)[..., None], 3, axis=2).repeat(scale, axis=0).repeat(scale, axis=1)
    big = labels.repeat(scale, axis=0).repeat(scale, axis=1)
    edge = (big > 0) & (ndimage.minimum_filter(big, 3) != big)
    picture[edge] = palette[(big[edge] - 1) % len(palette)]
    Image.fromarray(picture).save(path, optimize=True)
