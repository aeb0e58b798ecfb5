"""Calcium imaging, from a raw stack to traces: motion correction, background removal, segmentation, trace extraction.

Usage: imaging.py --parameters FILE.json --stack FILE-OR-FOLDER --output FOLDER
The stack is one TIFF of many pages or a folder of TIFF frames, in the order of their names.
"""
import argparse
import csv
import json
import sys
from pathlib import Path

import numpy as np
import tifffile

import motion
import pictures
import segmentation
import traces


def say(kind, *words):
    """One declared line: `cloister: step NAME`, `cloister: progress 3/10`, `cloister: metric NAME VALUE`."""
    print("cloister:", kind, *words, flush=True)


def load(path, first, last):
    """The stack as float32, frames x height x width. Exits with a sentence when it cannot be one."""
    path = Path(path)
    files = sorted(p for p in (path.rglob("*") if path.is_dir() else [path]) if p.suffix.lower() in (".tif", ".tiff"))
    if not files:
        sys.exit(f"No TIFF file in {path.name}: give one stack or a folder of frames.")
    frames = []
    for f in files:
        a = tifffile.imread(f)
        frames.append(a[None] if a.ndim == 2 else a)
        if frames[-1].ndim != 3:
            sys.exit(f"{f.name} has {a.ndim} dimensions; a stack has frames, rows and columns.")
        if frames[-1].shape[1:] != frames[0].shape[1:]:
            sys.exit(f"{f.name} is {frames[-1].shape[2]} x {frames[-1].shape[1]} pixels, the frames before are {frames[0].shape[2]} x {frames[0].shape[1]}.")
    stack = np.concatenate(frames)[first: last or None].astype(np.float32)
    if len(stack) < 10:
        sys.exit(f"{len(stack)} frames are left; at least 10 are needed.")
    return stack


def main():
    ask = argparse.ArgumentParser()
    for name in ("parameters", "stack", "output"):
        ask.add_argument(f"--{name}", required=True)
    args = ask.parse_args()
    p = json.loads(Path(args.parameters).read_text())
    out = Path(args.output)
    out.mkdir(parents=True, exist_ok=True)

    say("step", "Read the stack")
    stack = load(args.stack, p["first_frame"], p["last_frame"])
    print(f"{len(stack)} frames of {stack.shape[2]} x {stack.shape[1]} pixels, {len(stack) / p['frame_rate']:.1f} s at {p['frame_rate']} frames a second")

    say("step", "Motion correction")
    if p["motion_correct"]:
        stack, shifts = motion.correct(stack, p, lambda done, of: say("progress", f"{done}/{of}"))
    else:
        shifts = np.zeros((len(stack), 2), np.float32)
    reach = float(np.abs(shifts).max())
    say("metric", "largest_shift_pixels", f"{reach:.3f}")
    if reach >= max(p["max_shifts"]) - 0.5:
        print(f"warning: a shift came to the limit of {max(p['max_shifts'])} pixels; raise max_shifts if the sample moved further", file=sys.stderr)

    say("step", "Background removal")
    clean = segmentation.without_background(stack, p)

    say("step", "Segmentation")
    correlation, peak = segmentation.summary_images(clean, p)
    labels = segmentation.segment(correlation, peak, p)
    count = int(labels.max())
    say("metric", "cells", count)
    print(f"{count} cells" if count else "No cell found: lower threshold, min_pnr or min_area and run again")

    say("step", "Trace extraction")
    dff, noise, events = traces.extract(stack, labels, p)
    if count:
        say("metric", "median_snr", f"{float(np.median(dff.max(axis=1) / noise)):.3f}")
        say("metric", "events_per_minute", f"{60 * p['frame_rate'] * sum(map(len, events)) / (count * len(stack)):.3f}")

    say("step", "Write the results")
    mean = stack.mean(axis=0)
    tifffile.imwrite(out / "labels.tif", labels.astype(np.uint16))
    if p["save_corrected"]:
        tifffile.imwrite(out / "corrected.tif", np.clip(stack, 0, 65535).astype(np.uint16))
    pictures.grey(mean, out / "mean.png")
    pictures.grey(correlation, out / "correlation.png")
    pictures.overlay(mean, labels, out / "overlay.png")
    with open(out / "traces.csv", "w", newline="") as f:
        w = csv.writer(f)
        w.writerow(["time_s", *(f"cell_{i + 1}" for i in range(count))])
        for t in range(dff.shape[1]):
            w.writerow([f"{t / p['frame_rate']:.4f}", *(f"{v:.5f}" for v in dff[:, t])])
    with open(out / "motion.csv", "w", newline="") as f:
        w = csv.writer(f)
        w.writerow(["time_s", "shift_y", "shift_x"])
        w.writerows([f"{t / p['frame_rate']:.4f}", f"{y:.3f}", f"{x:.3f}"] for t, (y, x) in enumerate(shifts))
    (out / "cells.json").write_text(json.dumps([{
        "cell": i + 1, "area": int((labels == i + 1).sum()), "centre": [round(float(v), 2) for v in np.argwhere(labels == i + 1).mean(axis=0)],
        "snr": round(float(dff[i].max() / noise[i]), 3), "events": [round(float(t / p["frame_rate"]), 3) for t in events[i]],
    } for i in range(count)], indent=1))


if __name__ == "__main__":
    main()
