"""Checks of the baselines by cases whose answers are known: python3 tools/baselines/check.py

No data are needed; it takes a few seconds and exits with 1 when something is wrong.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault('OMP_NUM_THREADS', '1')

import numpy as np
import scipy.sparse as sp
from sklearn.linear_model import LogisticRegression

from compare import shown, table_of
from features import color, hog, lsa, square, text_features
from judge import STRENGTHS, folds_of, judge, knn, linear, prepare, project, split_embeddings
from splits import Labeling, Split, at_random, passages_of, per_class, read_idx, words_without_names, write_idx


def close(actual: object, expected: object, tolerance: float = 1e-6) -> None:
    np.testing.assert_allclose(np.asarray(actual), np.asarray(expected), atol=tolerance, rtol=tolerance)


def ramp(angle: float, side: int = 32) -> np.ndarray:
    """An image that becomes brighter in the direction of an angle in degrees from the x axis."""
    y, x = np.mgrid[:side, :side].astype(float)
    value = np.cos(np.radians(angle)) * x + np.sin(np.radians(angle)) * y
    return (100 + 2.5 * value).astype(np.uint8)[None, :, :, None]


def hog_of_a_ramp() -> None:
    """All gradients point in one direction: its bin has everything, and each block of four equal cells has values of 1/2, cut at 0.2, and 1/2 again."""
    for angle, direction in ((0, 0), (50, 2), (90, 4), (130, 6)):
        found = hog(ramp(angle), block=0).reshape(8, 8, 9)
        inner = found[1:-1, 1:-1]  # rounding to bytes and the border bring in other directions elsewhere
        assert (inner.argmax(-1) == direction).all(), f'a ramp at {angle} degrees is in direction {direction}'
        blocks = hog(ramp(angle)).reshape(7, 7, 4, 9)
        close((blocks**2).sum((2, 3)), np.ones((7, 7)), 1e-3)
    close(hog(ramp(0)).reshape(7, 7, 4, 9)[1:-1, 1:-1, :, 0], np.full((5, 5, 4), 0.5), 1e-3)
    # slope 8 in the left half, 2 in the right one: where they meet the cells have means of 14.5 and 4, and only the larger one is cut
    steps = np.concatenate([np.full(15, 8), np.full(16, 2)])
    image = np.broadcast_to(np.concatenate([[0], np.cumsum(steps)]).astype(np.uint8), (32, 32))[None, :, :, None]
    small = 4 / np.sqrt(2 * (14.5**2 + 4**2))
    close(hog(image).reshape(7, 7, 4, 9)[2, 3, :2, 0], np.array([0.2, small]) / np.sqrt(2 * (0.2**2 + small**2)), 1e-3)
    x = np.random.RandomState(0).randint(0, 256, (3, 32, 32, 3)).astype(np.uint8)
    assert hog(x).shape == (3, 7 * 7 * 4 * 9)
    # a mirror image: cells mirrored, direction d to 8 - d where no gradient lies on the border of two bins
    y, mirrored = (hog(image, block=0).reshape(3, 8, 8, 9) for image in (x, x[:, :, ::-1]))
    assert np.abs(mirrored[:, :, ::-1, 1:8] - y[..., 7:0:-1]).max() < 0.02


def histograms_of_colors() -> None:
    """A red and a blue half: the two colors have a half each of the whole, and all of their quarters."""
    image = np.zeros((1, 8, 8, 3), np.uint8)
    image[:, :, :4, 0] = 255
    image[:, :, 4:, 2] = 255
    found = color(image).reshape(5, 64) ** 2
    red, blue = 3 * 16, 3
    close(found[:, red], [0.5, 1, 0, 1, 0])
    close(found[:, blue], [0.5, 0, 1, 0, 1])
    close(color(np.full((2, 8, 8, 1), 255, np.uint8)).reshape(2, 5, 16)[..., 15], np.ones((2, 5)))


def lsa_of_blocks() -> None:
    """Documents of two topics that share no word: two singular vectors, one for each; the values are those of blocks of ones, the root of their size."""
    blocks = np.zeros((7, 5))
    blocks[:4, :3], blocks[4:, 3:] = 1, 1
    rows = sp.csr_matrix(blocks)
    found = lsa(rows, 2)(rows)
    close(np.linalg.norm(found, axis=0), [np.sqrt(12), np.sqrt(6)], 1e-5)
    close(found @ found.T, blocks @ blocks.T, 1e-5)
    corpus = ['cat dog', 'dog cat', 'red green', 'green red', 'cat dog red']
    tf_idf, average = (text_features(name, corpus, [corpus])[0] for name in ('tf-idf', 'n-gram average'))
    close(np.sqrt(tf_idf.multiply(tf_idf).sum(1)), np.ones((5, 1)))
    assert average.shape[0] == 5 and np.linalg.norm(average[0] - average[2]) > np.linalg.norm(average[0] - average[1])


def span_of_rows() -> None:
    """Projected rows have the same scalar products, and the same logistic regression predicts the same."""
    rng = np.random.RandomState(0)
    rows, others, labels = rng.randn(30, 200), rng.randn(40, 200), np.arange(30) % 3
    small, small_others = project(rows, others)
    assert small.shape[1] <= 30
    close(small @ small.T, rows @ rows.T)
    close(small_others @ small.T, others @ rows.T)
    models = [LogisticRegression(C=0.01, tol=1e-8, max_iter=1000).fit(x, labels) for x in (rows, small)]
    close(models[0].predict_proba(others), models[1].predict_proba(small_others), 1e-4)
    sparse, _ = project(sp.csr_matrix(rows), sp.csr_matrix(others))
    close(sparse @ sparse.T, rows @ rows.T)


def strength_by_validation() -> None:
    """
    One column that tells the class among many of noise wants a small C; a class that is a fine difference of two large columns wants a large one. Scale and shift of
    columns change nothing.
    """
    rng = np.random.RandomState(0)
    y = np.arange(400) % 2
    chosen = list(range(200))
    labels = y[:200], y[200:]
    noisy = np.concatenate([(2 * y - 1)[:, None] * 0.7 + rng.randn(400, 1), rng.randn(400, 300)], axis=1)
    _, small = linear(noisy[:200], noisy[200:], chosen, labels)
    common = rng.randn(400, 1)
    fine = np.concatenate([common + 0.01 * (2 * y - 1)[:, None], common], axis=1) + 0.0005 * rng.randn(400, 2)
    accuracy, large = linear(fine[:200], fine[200:], chosen, labels)
    assert small <= 10 and large == max(STRENGTHS) and accuracy > 95, f'C {small} and {large}, {accuracy:.1f} %'
    scaled = fine * np.array([3, 1e-3]) + 5
    assert linear(scaled[:200], scaled[200:], chosen, labels) == (accuracy, large)
    ready = prepare(noisy, noisy, 'standardized')[0]
    close((ready**2).sum(1).mean(), 1, 1e-4)
    assert sorted(np.concatenate([hold for _, hold in folds_of(10)])) == list(range(10)) and len(folds_of(5000)) == 1


def neighbors() -> None:
    """Three directions are told apart, whatever the lengths; noise is at chance; where classes overlap many neighbors are chosen, as none is its own."""
    rng = np.random.RandomState(0)
    y = np.arange(600) % 3
    rows = (np.eye(3)[y] + 0.05 * rng.randn(600, 3)) * rng.uniform(0.1, 10, (600, 1))
    labels = y[:300], y[300:]
    for train, test in ((rows[:300], rows[300:]), (sp.csr_matrix(rows[:300]), sp.csr_matrix(rows[300:]))):
        assert knn(train, test, list(range(300)), labels)[0] == 100
    noise = rng.randn(600, 20)
    assert 20 < knn(noise[:300], noise[300:], list(range(300)), labels)[0] < 47
    overlapping = np.eye(3)[y] + rng.randn(600, 3)
    accuracy, k = knn(overlapping[:300], overlapping[300:], list(range(300)), labels)
    assert k >= 10 and accuracy > 45, f'{accuracy:.1f} % by {k}'


def judged_subsets() -> None:
    """Each labeled subset and draw has its number; features without a row for each sample are refused."""
    y = [i % 2 for i in range(80)]
    labeling = Labeling(['a', 'b'], y[:60], y[60:], {'3 per class': per_class(y[:60], 3), 'all': [list(range(60))]})
    rows = np.array(y)[:, None] + 0.1 * np.random.RandomState(0).randn(80, 4)
    found = judge(rows[:60], rows[60:], labeling, 'image')
    assert {readout: {name: len(draws) for name, draws in subsets.items()} for readout, subsets in found.items()} == {
        readout: {'3 per class': 5, 'all': 1} for readout in ('linear', 'knn')
    }
    assert found['linear']['all'] == [100.0]
    for wrong in (rows[:59], np.where(np.arange(60)[:, None] == 7, np.nan, rows[:60])):
        try:
            judge(wrong, rows[60:], labeling, 'image')
        except ValueError:
            continue
        raise AssertionError('wrong rows must be refused')


def splits_and_words() -> None:
    """Draws repeat and are balanced; names are dropped, first words are not; IDX files come back; photos are cut in their middle."""
    y = [i % 4 for i in range(40)]
    assert per_class(y, 2) == per_class(y, 2) and all(sorted(y[i] for i in draw) == [0, 0, 1, 1, 2, 2, 3, 3] for draw in per_class(y, 2))
    assert len({tuple(draw) for draw in at_random(y, 10)}) == 5
    assert words_without_names([['The dog saw Ahab. Dogs like the sea, and I like Ahab.']]) == [['the', 'dog', 'saw', 'dogs', 'like', 'the', 'sea', 'and', 'i', 'like']]
    assert passages_of('a b c d e'.split(), 2) == ['a b', 'c d']
    with tempfile.TemporaryDirectory() as name:
        values = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
        write_idx(Path(name) / 'x.gz', values)
        assert (read_idx(Path(name) / 'x.gz') == values).all()
    from PIL import Image

    wide = np.zeros((8, 24, 3), np.uint8)
    wide[:, 8:16] = 200
    assert (square(Image.fromarray(wide), 8) == 200).all()


def rows_of_embed() -> None:
    """What `selfsup embed` wrote in another order is brought to that of the labels; a sample without a row is told."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        ids = {'train': ['train/a/1.jpg', 'train/b/2.jpg'], 'test': ['test/a/3.jpg']}
        split = Split('x', 0, 'image', 'data', {'class': Labeling(['a', 'b'], [0, 1], [0])}, ids, str(folder))
        order = [('train', 'train/b/2.jpg'), ('train', 'train/a/1.jpg'), ('test', 'test/a/3.jpg')]
        rows = [{'split': part, 'index': i, 'file': str(folder / 'data' / path)} for i, (part, path) in enumerate(order)]
        np.save(folder / 'all.npy', np.arange(6, dtype=np.float32).reshape(3, 2))
        (folder / 'all.index.json').write_text(json.dumps({'rows': rows}))
        train, test = split_embeddings(folder / 'all.npy', split)
        close(train, [[2, 3], [0, 1]])
        close(test, [[4, 5]])
        (folder / 'all.index.json').write_text(json.dumps({'rows': rows[:1]}))
        try:
            split_embeddings(folder / 'all.npy', split)
        except ValueError as error:
            assert 'no row for 1 of 2 samples of train' in str(error)
        else:
            raise AssertionError('a missing sample must be told')


def means_and_deviations() -> None:
    """Draws are averaged first, then seeds."""
    result = [('x', seed, {'hog': {'accuracy': {'class': {'linear': {'all': [10.0 * seed, 10.0 * seed + 2]}}}}}) for seed in (1, 2)]
    (row,) = table_of(result)
    assert row['columns']['hog']['values'] == [11, 21] and shown([11, 21]) == '16.0 ± 5.0'
    (row,) = table_of(result[:1])
    assert row['columns']['hog']['values'] == [10, 12]


CHECKS: tuple[Callable[[], None], ...] = (
    hog_of_a_ramp,
    histograms_of_colors,
    lsa_of_blocks,
    span_of_rows,
    strength_by_validation,
    neighbors,
    judged_subsets,
    splits_and_words,
    rows_of_embed,
    means_and_deviations,
)


def main() -> None:
    failed = 0
    for check in CHECKS:
        started = time.perf_counter()
        try:
            check()
            print(f'ok      {check.__name__} ({time.perf_counter() - started:.1f} s)')
        except AssertionError as error:
            failed += 1
            print(f'FAILED  {check.__name__}: {error}')
    sys.exit(1 if failed else 0)


if __name__ == '__main__':
    main()
