"""
Ten labels of each class: what features that nobody trained reach, on the same photos and labels as `selfsup fine-tune` and `selfsup predict`.

usage: python3 tools/baselines/few_labels.py --out FOLDER                       writes the photos and labels, and prints the baselines
       python3 tools/baselines/few_labels.py --out FOLDER --judge p0.csv p1.csv p2.csv   judges predictions by the labels of seeds 0, 1, 2

`photos` has 640 photos, 64 of each class, in one folder; `others` the other 160. `labels-SEED.csv` names ten photos of each class. Everything else is judged: the rest
of the 640, and the others.
"""

import argparse
import csv
import os
import random
import shutil
from pathlib import Path

os.environ.setdefault('OMP_NUM_THREADS', '1')

import numpy as np
from PIL import Image

from features import color, hog, raw, square
from judge import linear

SEEDS = (0, 1, 2)
PER_CLASS = 10


def prepare(source: Path, out: Path) -> dict[str, tuple[str, str]]:
    """Copies the photos and writes the labels; gives class and folder of each by its name."""
    rng = random.Random(0)
    truth: dict[str, tuple[str, str]] = {}
    for folder in ('photos', 'others'):
        (out / folder).mkdir(parents=True, exist_ok=True)
    for label in sorted(path.name for path in source.iterdir() if path.is_dir()):
        names = sorted(path.name for path in (source / label).iterdir())
        rng.shuffle(names)
        for i, name in enumerate(names):
            folder = 'photos' if i < 64 else 'others'
            truth[name] = (label, folder)
            if not (out / folder / name).exists():
                shutil.copy(source / label / name, out / folder / name)
    for seed in SEEDS:
        order = [name for name, (_, folder) in truth.items() if folder == 'photos']
        random.Random(seed).shuffle(order)
        taken: dict[str, int] = {}
        with open(out / f'labels-{seed}.csv', 'w', newline='') as file:
            writer = csv.writer(file)
            writer.writerow(['file', 'label'])
            for name in order:
                label = truth[name][0]
                taken[label] = taken.get(label, 0) + 1
                if taken[label] <= PER_CLASS:
                    writer.writerow([name, label])
    return truth


def labeled(out: Path, seed: int) -> list[str]:
    """The names of the photos that have a label."""
    with open(out / f'labels-{seed}.csv', newline='') as file:
        return [row['file'] for row in csv.DictReader(file)]


def show(name: str, found: dict[str, list[float]]) -> None:
    cells = [f'{np.mean(values):.1f} ± {np.std(values, ddof=1):.1f} ({", ".join(f"{value:.1f}" for value in values)})' for values in found.values()]
    print(f'| {name} | {" | ".join(cells)} |')


def baselines(out: Path, truth: dict[str, tuple[str, str]]) -> None:
    """Linear classifiers with the penalty that is best in cross-validation, columns standardized by all 640 photos."""
    names = {folder: sorted(name for name, (_, where) in truth.items() if where == folder) for folder in ('photos', 'others')}
    images = {folder: np.stack([square(Image.open(out / folder / name), 64) for name in names[folder]]) for folder in names}
    classes = sorted({label for label, _ in truth.values()})
    labels = {folder: np.array([classes.index(truth[name][0]) for name in names[folder]]) for folder in names}
    both = lambda *parts: lambda x: np.concatenate([part(x) for part in parts], axis=1)  # noqa: E731
    for name, make in {'raw pixels': raw, 'color histogram': color, 'HOG': hog, 'HOG and colors': both(hog, color)}.items():
        rows = {folder: make(images[folder]) for folder in names}
        found: dict[str, list[float]] = {'rest': [], 'others': []}
        for seed in SEEDS:
            known = set(labeled(out, seed))
            chosen = [i for i, photo in enumerate(names['photos']) if photo in known]
            rest = [i for i, photo in enumerate(names['photos']) if photo not in known]
            found['rest'].append(linear(rows['photos'], rows['photos'][rest], chosen, (labels['photos'], labels['photos'][rest]))[0])
            found['others'].append(linear(rows['photos'], rows['others'], chosen, (labels['photos'], labels['others']))[0])
        show(name, found)


def judge(out: Path, truth: dict[str, tuple[str, str]], files: list[Path]) -> None:
    """The accuracy of what `selfsup predict` wrote, one file for each seed of the labels."""
    found: dict[str, list[float]] = {'rest': [], 'others': []}
    for seed, path in zip(SEEDS, files, strict=True):
        known = set(labeled(out, seed))
        with open(path, newline='') as file:
            rows = [(Path(row['file']).name, row['class']) for row in csv.DictReader(file)]
        for part, folder in (('rest', 'photos'), ('others', 'others')):
            asked = [label == truth[name][0] for name, label in rows if truth[name][1] == folder and name not in known]
            assert len(asked) == {'rest': 640 - len(known), 'others': 160}[part], f'{path}: {len(asked)} of {part}'
            found[part].append(100 * float(np.mean(asked)))
    show(files[0].stem, found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--out', type=Path, required=True)
    parser.add_argument('--judge', type=Path, nargs=len(SEEDS))
    options = parser.parse_args()
    source = Path(os.environ.get('SELFSUP_DATA', Path(__file__).parents[3] / 'shared/data')) / 'clothing/train'
    truth = prepare(source, options.out)
    print('| | the other 540 of the 640 | 160 that were never seen |\n|---|---|---|')
    if options.judge:
        judge(options.out, truth, options.judge)
    else:
        baselines(options.out, truth)


if __name__ == '__main__':
    main()
