"""Judges features by a linear classifier and by nearest neighbors: any features, ours and theirs by the same code.

usage: python3 tools/baselines/judge.py --split FOLDER/splits/clothing-0 --train train.npy --test test.npy [--json]
       python3 tools/baselines/judge.py --split FOLDER/splits/clothing-0 --embeddings all.npy

The rows are in the order of the labels of the split. `--embeddings` is what `selfsup embed --out all.npy` wrote of the data of a split of images, training samples
first; the `all.index.json` beside it says which row is which.
"""

import argparse
import json
import os
import time
import warnings
from pathlib import Path

os.environ.setdefault('OMP_NUM_THREADS', '1')

import numpy as np
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from splits import Labeling, Split, load_split

Rows = np.ndarray | sp.csr_matrix
Accuracies = dict[str, dict[str, list[float]]]  # readout -> labeled subset -> draws, in percent

STRENGTHS = (0.1, 1.0, 10.0, 100.0, 1000.0)  # C, for rows of mean squared length 1
NEIGHBORS = (1, 5, 10, 20, 50, 200)
TEMPERATURE = 0.1
PROJECT_UP_TO = 3000  # rows: beyond, the eigenvectors cost more than they save
FOLDS_UP_TO = 4000  # rows: beyond, one fifth is held out instead of each in turn
WAYS = {'image': ('standardized',), 'text': ('standardized', 'unit rows')}


def prepare(train: Rows, test: Rows, way: str) -> tuple[Rows, Rows]:
    """
    Brings rows to a mean squared length of about 1. Means and deviations are those of all training rows, which needs no labels; sparse rows stay as they are.

    way: `standardized`: each column to mean 0 and deviation 1; `unit rows`: the mean row subtracted, each row to length 1
    """
    if sp.issparse(train):
        return train, test
    train, test = train.astype(np.float32), test.astype(np.float32)
    mean = train.mean(0)
    if way == 'unit rows':
        return tuple((rows - mean) / (np.linalg.norm(rows - mean, axis=1, keepdims=True) + 1e-9) for rows in (train, test))  # type: ignore[return-value]
    deviation = train.std(0)
    kept = deviation > 1e-6 * max(float(np.abs(train).max()), 1e-12)
    scale = deviation[kept] * np.sqrt(max(kept.sum(), 1))
    return tuple((rows[:, kept] - mean[kept]) / scale for rows in (train, test))  # type: ignore[return-value]


def project(rows: Rows, others: Rows) -> tuple[np.ndarray, np.ndarray]:
    """
    Turns rows with more columns than there are rows into coordinates in their own span. Scalar products among `rows`, and between `rows` and `others`, stay the
    same: so does a linear classifier with a squared penalty, whose weights lie in that span, and every fold of it.
    """
    gram = rows @ rows.T
    gram = np.asarray(gram.todense() if sp.issparse(gram) else gram, np.float64)
    values, vectors = np.linalg.eigh(gram)
    kept = values > values[-1] * 1e-9
    basis = vectors[:, kept] / np.sqrt(values[kept])  # [rows, rank]
    cross = others @ rows.T
    cross = np.asarray(cross.todense() if sp.issparse(cross) else cross, np.float64)
    return gram @ basis, cross @ basis


def folds_of(count: int, folds: int = 4) -> list[tuple[np.ndarray, np.ndarray]]:
    """Rows to learn from and rows to judge by, in turn; of many rows only one such division."""
    turn = np.random.RandomState(0).permutation(count) % (5 if count > FOLDS_UP_TO else folds)
    return [(np.flatnonzero(turn != i), np.flatnonzero(turn == i)) for i in range(1 if count > FOLDS_UP_TO else folds)]


def fit_path(rows: np.ndarray, labels: np.ndarray, strengths: tuple[float, ...]) -> list[LogisticRegression]:
    """Logistic regressions for growing C, each from the one before."""
    found: list[LogisticRegression] = []
    for strength in strengths:
        model = LogisticRegression(C=strength, max_iter=200, tol=1e-4, warm_start=True)
        if found and len(found[-1].classes_) > 1:
            last = found[-1]
            model.coef_, model.intercept_, model.classes_ = last.coef_.copy(), last.intercept_.copy(), last.classes_
        with warnings.catch_warnings():
            warnings.simplefilter('ignore', ConvergenceWarning)
            found.append(model.fit(rows, labels))
    return found


def linear(train: Rows, test: Rows, chosen: list[int], labels: tuple[np.ndarray, np.ndarray], ways: tuple[str, ...] = WAYS['image']) -> tuple[float, float]:
    """
    Logistic regression with the C, and the way to prepare the rows, that are the best in cross-validation on the labels of training.

    train, test: features of all samples
    chosen: the training samples whose labels may be used
    labels: of all training and all test samples
    returns the accuracy in percent, and C
    """
    y = labels[0][chosen]
    candidates = []
    for way in ways[:1] if sp.issparse(train) else ways:
        rows, others = prepare(train, test, way)
        rows = rows[chosen]
        if sp.issparse(rows) and len(chosen) > PROJECT_UP_TO:
            candidates.append((rows, others))
        elif rows.shape[1] > len(chosen) and len(chosen) <= PROJECT_UP_TO:
            candidates.append(project(rows, others))
        else:
            candidates.append((rows, others))
    best = (-1.0, 0, STRENGTHS[0])
    for way_index, (rows, _) in enumerate(candidates):
        scores = np.zeros(len(STRENGTHS))
        for learn, hold in folds_of(len(y)):
            if len(np.unique(y[learn])) < 2:
                continue
            scores += [(model.predict(rows[hold]) == y[hold]).mean() for model in fit_path(rows[learn], y[learn], STRENGTHS)]
        for score, strength in zip(scores, STRENGTHS, strict=True):
            if score > best[0] + 1e-9:
                best = (score, way_index, strength)
    _, way_index, strength = best
    rows, others = candidates[way_index]
    upward = tuple(s for s in STRENGTHS if s <= strength)
    model = fit_path(rows, y, upward)[-1]
    return 100 * float((model.predict(others) == labels[1]).mean()), strength


def unit(rows: Rows) -> Rows:
    if sp.issparse(rows):
        length = np.sqrt(np.asarray(rows.multiply(rows).sum(1)).ravel())
        return sp.diags(1 / (length + 1e-12)) @ rows
    return rows / (np.linalg.norm(rows, axis=1, keepdims=True) + 1e-12)


def vote(similarities: np.ndarray, labels: np.ndarray, classes: int) -> dict[int, np.ndarray]:
    """The class that has the most votes among the nearest k, for each k; a vote has the weight exp(cosine / 0.1)."""
    largest = min(max(NEIGHBORS), similarities.shape[1])
    near = np.argpartition(-similarities, largest - 1, axis=1)[:, :largest]
    values = np.take_along_axis(similarities, near, 1)
    order = np.argsort(-values, axis=1, kind='stable')
    near, values = np.take_along_axis(near, order, 1), np.take_along_axis(values, order, 1)
    weights = np.exp((values - values[:, :1]) / TEMPERATURE)
    found = {}
    for k in NEIGHBORS:
        if k > largest:
            break
        votes = np.zeros((len(similarities), classes))
        for rank in range(k):
            votes[np.arange(len(votes)), labels[near[:, rank]]] += weights[:, rank]
        found[k] = votes.argmax(1)
    return found


def dense(rows: Rows) -> np.ndarray:
    return np.asarray(rows.todense() if sp.issparse(rows) else rows)


def knn(train: Rows, test: Rows, chosen: list[int], labels: tuple[np.ndarray, np.ndarray]) -> tuple[float, int]:
    """
    Weighted nearest neighbors by the cosine. How many, and whether the columns are standardized before, is what classifies the training samples best, each without
    itself.

    returns the accuracy in percent, and the number of neighbors
    """
    y = labels[0][chosen]
    classes = int(labels[0].max()) + 1
    best: tuple[float, int, tuple[Rows, Rows]] | None = None
    for standardized in (False,) if sp.issparse(train) else (False, True):
        rows, others = prepare(train, test, 'standardized') if standardized else (train, test)
        rows, others = unit(rows[chosen]), unit(others)
        hits: dict[int, float] = {}
        for first in range(0, len(y), 1000):
            block = dense(rows[first : first + 1000] @ rows.T).astype(np.float32)
            block[np.arange(len(block)), first + np.arange(len(block))] = -2  # not its own neighbor
            for k, guess in vote(block, y, classes).items():
                if k <= len(y) / 2:
                    hits[k] = hits.get(k, 0) + float((guess == y[first : first + 1000]).sum())
        for k, count in hits.items():
            if best is None or count > best[0]:
                best = (count, k, (rows, others))
    assert best is not None
    _, k, (rows, others) = best
    right = 0
    for first in range(0, others.shape[0], 1000):
        block = dense(others[first : first + 1000] @ rows.T).astype(np.float32)
        right += int((vote(block, y, classes)[k] == labels[1][first : first + 1000]).sum())
    return 100 * right / others.shape[0], k


def judge(train: Rows, test: Rows, labeling: Labeling, kind: str, readouts: tuple[str, ...] = ('linear', 'knn')) -> Accuracies:
    """Accuracies on the test samples in percent, for each readout and each labeled subset of a labeling, a number for each draw."""
    labels = np.array(labeling.train), np.array(labeling.test)
    for name, rows, wanted in (('training', train, labels[0]), ('test', test, labels[1])):
        if rows.shape[0] != len(wanted):
            raise ValueError(f'there must be a row for each of the {len(wanted)} {name} samples, got {rows.shape[0]}')
        if not np.isfinite(rows.data if sp.issparse(rows) else rows).all():
            raise ValueError(f'the features of {name} samples hold NaN or infinity')
    found: Accuracies = {}
    for readout in readouts:
        found[readout] = {}
        for subset, draws in labeling.subsets.items():
            if readout == 'linear':
                found[readout][subset] = [linear(train, test, chosen, labels, WAYS[kind])[0] for chosen in draws]
            else:
                found[readout][subset] = [knn(train, test, chosen, labels)[0] for chosen in draws]
    return found


def read_rows(path: Path) -> Rows:
    return sp.load_npz(path).tocsr() if path.suffix == '.npz' else np.load(path)


def split_embeddings(path: Path, split: Split) -> tuple[np.ndarray, np.ndarray]:
    """
    The training and test rows of what `selfsup embed` wrote of the data of a split, in the order of its labels.

    raises ValueError where a sample has no row
    """
    values = np.load(path)
    index = json.loads(path.with_suffix('.index.json').read_text(encoding='utf-8'))['rows']
    labeling = next(iter(split.labelings.values()))
    found = []
    for part, labels in (('train', labeling.train), ('test', labeling.test)):
        at = [(row, entry) for row, entry in enumerate(index) if entry['split'] == part]
        if split.ids:
            root = (split.path / split.data).resolve()
            rows = {os.path.relpath(os.path.realpath(entry['file']), root).replace(os.sep, '/'): row for row, entry in at}
            wanted: list[str] | list[int] = split.ids[part]
        else:
            rows = {entry['index']: row for row, entry in at}
            wanted = list(range(len(labels)))
        missing = [name for name in wanted if name not in rows]
        if missing:
            raise ValueError(f'{path} has no row for {len(missing)} of {len(wanted)} samples of {part}, such as {missing[0]}')
        found.append(values[[rows[name] for name in wanted]])
    return found[0], found[1]


def show(found: Accuracies) -> str:
    return '\n'.join(
        f'{readout:>8} {subset:>14}: {np.mean(draws):5.1f}' + (f' ± {np.std(draws):.1f} ({len(draws)} draws)' if len(draws) > 1 else '')
        for readout, subsets in found.items()
        for subset, draws in subsets.items()
    )


def main() -> None:
    parser = argparse.ArgumentParser(description='Judge features of a split.')
    parser.add_argument('--split', type=Path, required=True, help='its folder')
    parser.add_argument('--train', type=Path, help='features of the training samples, .npy or .npz')
    parser.add_argument('--test', type=Path, help='features of the test samples')
    parser.add_argument('--embeddings', type=Path, help='what `selfsup embed` wrote, in place of both')
    parser.add_argument('--readouts', default='linear,knn', help='with commas; default linear,knn')
    parser.add_argument('--json', action='store_true', help='one object on standard output')
    given = parser.parse_args()
    if (given.embeddings is None) == (given.train is None or given.test is None):
        parser.error('give --embeddings, or --train and --test')
    split = load_split(given.split)
    train, test = split_embeddings(given.embeddings, split) if given.embeddings else (read_rows(given.train), read_rows(given.test))
    results = {}
    for name, labeling in split.labelings.items():
        started = time.perf_counter()
        results[name] = judge(train, test, labeling, split.kind, tuple(given.readouts.split(',')))
        if not given.json:
            print(f'{split.set}-{split.seed}, {name}, {train.shape[1]} columns, {time.perf_counter() - started:.1f} s\n{show(results[name])}')
    if given.json:
        print(json.dumps({'set': split.set, 'seed': split.seed, 'columns': train.shape[1], 'accuracy': results}))


if __name__ == '__main__':
    main()
