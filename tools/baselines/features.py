"""Features that nobody trained: of photos raw pixels, colors and oriented gradients; of texts TF-IDF, LSA and averages of hashed n-grams.

usage: python3 tools/baselines/features.py --split FOLDER/splits/clothing-0 --features hog --out FOLDER

writes `NAME-train.npy` and `NAME-test.npy`, a row for each sample of the split in the order of its labels; sparse ones as `.npz`.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from PIL import Image
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer, TfidfVectorizer

from splits import RECORD, Split, load_split, read_idx

Rows = np.ndarray | sp.csr_matrix
IMAGE_FEATURES = ('raw', 'color', 'hog', 'hog+color')
TEXT_FEATURES = ('tf-idf', 'n-grams', 'n-gram average', 'lsa-100', 'lsa-300')


def square(image: Image.Image, side: int) -> np.ndarray:
    """The largest square in the middle of a photo, resized; `[side, side, 3]` bytes."""
    image = image.convert('RGB')
    width, height = image.size
    edge = min(width, height)
    left, top = (width - edge) // 2, (height - edge) // 2
    return np.asarray(image.crop((left, top, left + edge, top + edge)).resize((side, side), Image.Resampling.BICUBIC))


def load_images(split: Split, side: int = 64) -> tuple[np.ndarray, np.ndarray]:
    """Training and test images of a split in the order of its labels, `[n, height, width, 1 or 3]` bytes; photos become squares of `side` pixels."""
    data = split.path / split.data
    if split.ids:
        train, test = (np.stack([square(Image.open(data / name), side) for name in split.ids[part]]) for part in ('train', 'test'))
    elif (data / 'train.bin').exists():
        parts = [np.fromfile(data / f'{part}.bin', np.uint8).reshape(-1, RECORD)[:, 1:] for part in ('train', 'test')]
        train, test = (part.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1) for part in parts)
    else:  # a border brings 28 pixels to 32, which 8 cells divide
        names = ('train-images-idx3-ubyte.gz', 't10k-images-idx3-ubyte.gz')
        train, test = (np.pad(read_idx(data / name), ((0, 0), (2, 2), (2, 2)))[..., None] for name in names)
    return train, test


def raw(images: np.ndarray) -> np.ndarray:
    """The pixels in [0, 1], a row for each image."""
    return images.reshape(len(images), -1).astype(np.float32) / 255


def color(images: np.ndarray, levels: int = 4) -> np.ndarray:
    """
    Histograms of colors, levels x levels x levels of them, of the image and of its four quarters, the square roots of the shares. Gray images have histograms of
    4 times as many levels.
    """
    n, height, width, channels = images.shape
    levels = 4 * levels if channels == 1 else levels
    code = np.zeros((n, height, width), np.int64)
    for channel in range(channels):
        code = code * levels + images[..., channel].astype(np.int64) * levels // 256
    bins = levels**channels
    h, w = height // 2, width // 2
    parts = [code, code[:, :h, :w], code[:, :h, w:], code[:, h:, :w], code[:, h:, w:]]
    found = []
    for part in parts:
        flat = part.reshape(n, -1) + bins * np.arange(n)[:, None]
        counts = np.bincount(flat.ravel(), minlength=n * bins).reshape(n, bins)
        found.append(np.sqrt(counts / flat.shape[1]))
    return np.concatenate(found, axis=1).astype(np.float32)


def gradients(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Central differences along the height and the width, 0 at the border; at each pixel those of the channel in which they are the longest."""
    x = images.astype(np.float32) / 255
    dy, dx = np.zeros_like(x), np.zeros_like(x)
    dy[:, 1:-1] = x[:, 2:] - x[:, :-2]
    dx[:, :, 1:-1] = x[:, :, 2:] - x[:, :, :-2]
    strongest = np.argmax(dy**2 + dx**2, axis=-1)[..., None]
    return np.take_along_axis(dy, strongest, -1)[..., 0], np.take_along_axis(dx, strongest, -1)[..., 0]


def hog(images: np.ndarray, cells: int = 8, directions: int = 9, block: int = 2) -> np.ndarray:
    """
    Histograms of oriented gradients (Dalal and Triggs 2005), with hard bins: cells x cells cells, gradients by direction without sign, weighted by their length.

    images: `[n, side, side, channels]` bytes; `cells` divides the side
    block: block x block cells are normalized together (L2, cut at 0.2, L2 again), at every place; 0: each image as a whole, L2
    returns `[n, columns]`: (cells - block + 1)^2 block^2 directions columns, or cells^2 directions
    """
    n, side = images.shape[:2]
    if side % cells != 0 or images.shape[2] != side:
        raise ValueError(f'hog: images must be squares with sides that {cells} divides, got {images.shape[1:3]}')
    size = side // cells
    histogram = np.zeros((n, cells, cells, directions), np.float32)
    for first in range(0, n, 500):
        dy, dx = gradients(images[first : first + 500])
        length = np.hypot(dy, dx)
        angle = np.arctan2(dy, dx) % np.pi
        bins = np.minimum((angle * (directions / np.pi)).astype(int), directions - 1)
        for direction in range(directions):
            here = np.where(bins == direction, length, 0).reshape(-1, cells, size, cells, size)
            histogram[first : first + 500, ..., direction] = here.mean(axis=(2, 4))
    if block == 0:
        flat = histogram.reshape(n, -1)
        return flat / (np.linalg.norm(flat, axis=1, keepdims=True) + 1e-5)
    places = range(cells - block + 1)
    blocks = np.stack([histogram[:, y : y + block, x : x + block].reshape(n, -1) for y in places for x in places], axis=1)
    for largest in (0.2, np.inf):
        blocks = np.minimum(blocks / np.sqrt((blocks**2).sum(-1, keepdims=True) + 1e-10), largest)
    return blocks.reshape(n, -1)


def image_features(name: str, images: np.ndarray) -> np.ndarray:
    """One of IMAGE_FEATURES, or `hog-cells`: the normalization is that of the whole image."""
    found = {
        'raw': raw,
        'color': color,
        'hog': hog,
        'hog-cells': lambda x: hog(x, block=0),
        'hog+color': lambda x: np.concatenate([hog(x), color(x)], axis=1),
    }
    return found[name](images)


def lsa(train: sp.csr_matrix, columns: int) -> Callable[[sp.csr_matrix], np.ndarray]:
    """Latent semantic analysis: the projection on the strongest singular vectors of a matrix of documents and terms."""
    columns = min(columns, min(train.shape) - 1)
    svd = TruncatedSVD(columns, random_state=0).fit(train)
    return lambda rows: svd.transform(rows).astype(np.float32)


def hashed_n_grams(buckets: int = 2**17) -> Callable[[list[str]], sp.csr_matrix]:
    """Counts of words, pairs of words, and pieces of words of 3 to 5 letters, each hashed to one of the buckets, as fastText has them."""
    settings = {'n_features': buckets // 2, 'alternate_sign': False, 'norm': None}
    words = HashingVectorizer(token_pattern=r'\S+', ngram_range=(1, 2), **settings)
    pieces = HashingVectorizer(analyzer='char_wb', ngram_range=(3, 5), **settings)
    return lambda texts: sp.hstack([words.transform(texts), pieces.transform(texts)], format='csr')


def text_features(name: str, corpus: list[str], parts: list[list[str]]) -> list[Rows]:
    """
    One of TEXT_FEATURES. Whatever is learned (frequencies, singular vectors) comes from the corpus, without labels.

    - `tf-idf`: words, logarithmic counts; `n-grams`: the same of hashed n-grams. A linear classifier on these is what supervised fastText comes close to
    - `lsa-100`, `lsa-300`: the first singular vectors of `tf-idf`
    - `n-gram average`: vectors of 300 numbers for hashed n-grams, averaged; the vectors are the singular vectors of `n-grams`
    """
    if name.startswith('n-gram'):
        count = hashed_n_grams()
        weights = TfidfTransformer(sublinear_tf=True).fit(count(corpus))

        def transform(texts: list[str]) -> sp.csr_matrix:
            return weights.transform(count(texts))

    else:
        transform = TfidfVectorizer(sublinear_tf=True, token_pattern=r'\S+').fit(corpus).transform
    if name in ('tf-idf', 'n-grams'):
        return [transform(texts) for texts in parts]
    project = lsa(transform(corpus), 300 if name == 'n-gram average' else int(name.split('-')[1]))
    return [project(transform(texts)) for texts in parts]


def read_lines(path: Path) -> list[str]:
    return path.read_text(encoding='utf-8').split('\n')[:-1]


def features_of(split: Split, name: str) -> tuple[Rows, Rows]:
    """Features by name of the training and test samples of a split, in the order of its labels."""
    if split.kind == 'image':
        train, test = load_images(split)
        return image_features(name, train), image_features(name, test)
    corpus = [line for line in read_lines(split.path / 'corpus.txt') if line]
    train, test = text_features(name, corpus, [read_lines(split.path / f'{part}.txt') for part in ('train', 'test')])
    return train, test


def feature_names(split: Split) -> tuple[str, ...]:
    return IMAGE_FEATURES if split.kind == 'image' else TEXT_FEATURES


def save_rows(path: Path, rows: Rows) -> Path:
    """Writes features, as `.npz` where they are sparse, else as `.npy`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if sp.issparse(rows):
        sp.save_npz(f'{path}.npz', rows)
        return Path(f'{path}.npz')
    np.save(f'{path}.npy', rows)
    return Path(f'{path}.npy')


def main() -> None:
    parser = argparse.ArgumentParser(description='Write features of a split.')
    parser.add_argument('--split', type=Path, required=True, help='its folder')
    parser.add_argument('--features', help='with commas; default all')
    parser.add_argument('--out', type=Path, required=True, help='the folder to write to')
    given = parser.parse_args()
    split = load_split(given.split)
    for name in given.features.split(',') if given.features else feature_names(split):
        for part, rows in zip(('train', 'test'), features_of(split, name), strict=True):
            print(save_rows(given.out / f'{name.replace(" ", "-")}-{part}', rows), rows.shape)


if __name__ == '__main__':
    main()
