"""Splits of photos and texts with fixed seeds, as plain files: the same for the baselines and for `selfsup`.

usage: python3 tools/baselines/splits.py --out FOLDER [--sets clothing,trec] [--seeds 0,1,2]

Each split is a folder FOLDER/splits/SET-SEED with

- what `selfsup train` learns from: `data/` (photos in `train/CLASS` and `test/CLASS`, CIFAR-10 records `train.bin` and `test.bin`, or IDX files); texts are in
  `corpus.txt`, with a blank line between documents. Test samples are never in it, unless in a part named test.
- texts also as `train.txt` and `test.txt`, a line each, in the order of the labels: what `selfsup embed` takes; and as `train.tsv` and `test.tsv` with labels
- `split.json`: the labels of training and test samples, and which training samples may be used with their labels (see `Labeling`)
"""

import argparse
import gzip
import json
import os
import random
import re
import shutil
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
RECORD = 3073  # bytes of a CIFAR-10 record: the label, then 32 x 32 x 3
DRAWS = 5  # labeled subsets of one size

SETS = ('clothing', 'cifar-1000', 'cifar-2500', 'cifar-10000', 'fashion-1000', 'trec', 'sst2', 'gutenberg', 'wikitext')
FIXED = ('trec', 'sst2', 'cifar-10000')  # all that there is, or a published split: the seed changes nothing


class MissingData(Exception):
    """The files of a set are not there."""


@dataclass
class Labeling:
    """Labels of the training and test samples, and the subsets of training samples with which a classifier is made."""

    classes: list[str]
    train: list[int]
    test: list[int]
    subsets: dict[str, list[list[int]]] = field(default_factory=dict)  # name -> draws -> rows of the training samples


@dataclass
class Split:
    """A training and a test part of a set. `ids` names photos, relative to `data/`, in the order of the labels."""

    set: str
    seed: int
    kind: str  # image or text
    data: str  # what to train on, relative to the folder of the split
    labelings: dict[str, Labeling]
    ids: dict[str, list[str]] | None = None
    folder: str = ''

    @property
    def path(self) -> Path:
        return Path(self.folder)


def data_folder() -> Path:
    """The folder of the data: SELFSUP_DATA, or ../shared/data seen from the root of the repository."""
    return Path(os.environ.get('SELFSUP_DATA') or ROOT.parent / 'shared' / 'data')


def need(*names: str) -> list[Path]:
    """Paths in the data folder, all of which must be there."""
    paths = [data_folder() / name for name in names]
    for path in paths:
        if not path.exists():
            raise MissingData(f'there is no {path}; set SELFSUP_DATA to the folder of the data')
    return paths


def per_class(labels: list[int], count: int, draws: int = DRAWS) -> list[list[int]]:
    """Draws of `count` samples of each class."""
    y = np.array(labels)
    found = []
    for draw in range(draws):
        rng = np.random.RandomState(draw)
        rows = [rng.permutation(np.flatnonzero(y == c))[:count] for c in range(y.max() + 1)]
        found.append(sorted(int(i) for i in np.concatenate(rows)))
    return found


def at_random(labels: list[int], count: int, draws: int = DRAWS) -> list[list[int]]:
    """Draws of `count` samples, whatever their classes."""
    return [np.random.RandomState(100 + draw).permutation(len(labels))[:count].tolist() for draw in range(draws)]


def image_labeling(classes: list[str], train: list[int], test: list[int]) -> dict[str, Labeling]:
    return {'class': Labeling(classes, train, test, {'10 per class': per_class(train, 10), 'all': [list(range(len(train)))]})}


def text_labeling(classes: list[str], train: list[int], test: list[int]) -> Labeling:
    return Labeling(classes, train, test, {f'{n:,} labels': at_random(train, n) for n in (100, 1000) if n < len(train)})


def split_clothing(folder: Path, seed: int) -> Split:
    """60 photos of each class to train on and 20 to test on."""
    (source,) = need('clothing/train')
    classes = sorted(path.name for path in source.iterdir() if path.is_dir())
    ids: dict[str, list[str]] = {'train': [], 'test': []}
    labels: dict[str, list[int]] = {'train': [], 'test': []}
    rng = np.random.RandomState(100 + seed)
    for label, name in enumerate(classes):
        files = sorted(path for path in (source / name).iterdir() if path.suffix.lower() in ('.jpg', '.jpeg', '.png'))
        order = rng.permutation(len(files))
        for part, chosen in (('train', sorted(order[:60])), ('test', sorted(order[60:80]))):
            target = folder / 'data' / part / name
            target.mkdir(parents=True, exist_ok=True)
            for i in chosen:
                shutil.copyfile(files[i], target / files[i].name)  # selfsup follows no links among photos
                ids[part].append(f'{part}/{name}/{files[i].name}')
                labels[part].append(label)
    return Split('clothing', seed, 'image', 'data', image_labeling(classes, labels['train'], labels['test']), ids)


def split_cifar(folder: Path, seed: int, count: int) -> Split:
    """
    Records of `train_jpeg_10000.bin` to train on; to test on the 1,000 of `test_jpeg_1000.bin` and, where enough are left over, 1,000 other ones. All have been
    through the same JPEG compression, and no picture is in both parts.
    """
    train_file, test_file, names = need('cifar-10/train_jpeg_10000.bin', 'cifar-10/test_jpeg_1000.bin', 'cifar-10/batches.meta.txt')
    pool = np.fromfile(train_file, np.uint8).reshape(-1, RECORD)
    test = np.fromfile(test_file, np.uint8).reshape(-1, RECORD)
    if count < len(pool):
        rng = np.random.RandomState(200 + seed)
        by_class = [rng.permutation(np.flatnonzero(pool[:, 0] == c)) for c in range(10)]
        chosen = np.sort(np.concatenate([rows[: count // 10] for rows in by_class]))
        others = np.sort(np.concatenate([rows[-100:] for rows in by_class]))
        train, test = pool[chosen], np.concatenate([test, pool[others]])
    else:
        train = pool
    data = folder / 'data'
    data.mkdir(parents=True, exist_ok=True)
    train.tofile(data / 'train.bin')
    test.tofile(data / 'test.bin')
    shutil.copyfile(names, data / 'batches.meta.txt')
    classes = names.read_text().split()
    return Split(f'cifar-{count}', seed, 'image', 'data', image_labeling(classes, train[:, 0].tolist(), test[:, 0].tolist()))


def read_idx(path: Path) -> np.ndarray:
    """The array of a packed IDX file of bytes."""
    raw = gzip.decompress(path.read_bytes())
    rank = raw[3]
    shape = np.frombuffer(raw, '>u4', rank, 4)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * rank).reshape(tuple(shape))


def write_idx(path: Path, values: np.ndarray) -> None:
    head = bytes([0, 0, 8, values.ndim]) + np.array(values.shape, '>u4').tobytes()
    with open(path, 'wb') as file, gzip.GzipFile(fileobj=file, mode='wb', mtime=0) as packed:
        packed.write(head + np.ascontiguousarray(values).tobytes())


def split_fashion(folder: Path, seed: int, count: int) -> Split:
    """So many training images of Fashion-MNIST, as many of each class, and 2,000 test images."""
    names = ('train-images-idx3-ubyte.gz', 'train-labels-idx1-ubyte.gz', 't10k-images-idx3-ubyte.gz', 't10k-labels-idx1-ubyte.gz')
    arrays = [read_idx(path) for path in need(*(f'fashion-mnist/{name}' for name in names))]
    rng = np.random.RandomState(300 + seed)
    data = folder / 'data'
    data.mkdir(parents=True, exist_ok=True)
    labels = []
    for part, (images, classes), size in ((0, arrays[:2], count), (2, arrays[2:], 2000)):
        rows = np.sort(np.concatenate([rng.permutation(np.flatnonzero(classes == c))[: size // 10] for c in range(10)]))
        write_idx(data / names[part], images[rows])
        write_idx(data / names[part + 1], classes[rows])
        labels.append(classes[rows].tolist())
    return Split(f'fashion-{count}', seed, 'image', 'data', image_labeling([str(c) for c in range(10)], *labels))


def write_texts(folder: Path, train: list[str], test: list[str], corpus: list[str] | None = None) -> None:
    """The texts of a split, each on one line; the corpus is that of training, where nothing else is given."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / 'train.txt').write_text('\n'.join(train) + '\n', encoding='utf-8')
    (folder / 'test.txt').write_text('\n'.join(test) + '\n', encoding='utf-8')
    (folder / 'corpus.txt').write_text('\n\n'.join(corpus or train) + '\n', encoding='utf-8')


def write_tables(folder: Path, labeling: Labeling, name: str = '') -> None:
    """The texts with their labels, as `selfsup evaluate` and `fine-tune` take them."""
    for part, labels in (('train', labeling.train), ('test', labeling.test)):
        texts = (folder / f'{part}.txt').read_text(encoding='utf-8').split('\n')[:-1]
        lines = [f'{text}\t{labeling.classes[label]}\n' for text, label in zip(texts, labels, strict=True)]
        (folder / f'{part}{name}.tsv').write_text('text\tlabel\n' + ''.join(lines), encoding='utf-8')


def one_line(text: str) -> str:
    return ' '.join(text.split())


def split_trec(folder: Path, seed: int) -> Split:
    """Questions with their 6 coarse classes; the files are Latin-1, what is written is UTF-8."""
    parts = []
    for path in need('trec/train.txt', 'trec/test.txt'):
        lines = [line.split(' ', 1) for line in path.read_text(encoding='latin-1').split('\n') if line.strip()]
        parts.append([(one_line(text), label.split(':')[0]) for label, text in lines])
    classes = sorted({label for _, label in parts[0]})
    labels = [[classes.index(label) for _, label in part] for part in parts]
    write_texts(folder, *([text for text, _ in part] for part in parts))
    return Split('trec', seed, 'text', 'corpus.txt', {'class': text_labeling(classes, *labels)})


def split_sst2(folder: Path, seed: int) -> Split:
    """Sentences of film reviews, negative or positive."""
    parts = []
    for path in need('sst2/train.tsv', 'sst2/test.tsv'):
        lines = [line.rsplit('\t', 1) for line in path.read_text(encoding='utf-8').split('\n') if line.strip()]
        parts.append([(one_line(text), int(label)) for text, label in lines])
    write_texts(folder, *([text for text, _ in part] for part in parts))
    return Split('sst2', seed, 'text', 'corpus.txt', {'class': text_labeling(['negative', 'positive'], *([y for _, y in part] for part in parts))})


WORD = re.compile(r"[^\W\d_]+(?:'[a-z]+)?|[.!?;:,()]")


def words_without_names(documents: list[list[str]]) -> list[list[str]]:
    """
    The words of documents in lower case, without names: without words that have a capital letter inside a sentence at least as often as they have none. What
    names a person or a place would tell the class by itself.

    documents: paragraphs of each
    """
    capital: Counter[str] = Counter()
    small: Counter[str] = Counter()
    found = []
    for paragraphs in documents:
        words = []
        for paragraph in paragraphs:
            begins = True
            for word in WORD.findall(paragraph):
                if word in '.!?':
                    begins = True
                elif word not in ';:,()':
                    lower = word.lower()
                    if not word[0].isupper():
                        small[lower] += 1
                    elif not begins and word != 'I' and not word.startswith("I'"):
                        capital[lower] += 1
                    words.append(lower)
                    begins = False
        found.append(words)
    names = {word for word in capital if capital[word] >= small[word]}
    return [[word for word in words if word not in names] for words in found]


def passages_of(words: list[str], length: int) -> list[str]:
    return [' '.join(words[i : i + length]) for i in range(0, len(words) - length + 1, length)]


AUTHORS = {
    'alice-in-wonderland': 'carroll',
    'dracula': 'stoker',
    'emma': 'austen',
    'frankenstein': 'shelley',
    'great-expectations': 'dickens',
    'middlemarch': 'eliot',
    'moby-dick': 'melville',
    'pride-and-prejudice': 'austen',
    'sherlock-holmes': 'doyle',
    'tale-of-two-cities': 'dickens',
    'war-and-peace': 'tolstoy',
}
HEADING = re.compile(r'(chapter|book|volume|contents|letter)\b', re.IGNORECASE)


def split_gutenberg(folder: Path, seed: int) -> Split:
    """7,600 passages of 60 words to train on and 1,568 to test on, from 11 novels, at most 908 of each: from which, and by whom?"""
    (source,) = need('gutenberg')
    novels = sorted(AUTHORS)
    documents = []
    for path in need(*(f'gutenberg/{novel}.txt' for novel in novels)):
        text = path.read_text(encoding='utf-8', errors='ignore').replace('’', "'")
        text = re.sub(r'\[[^\]]*\]', ' ', re.sub(r'[‘“”_—"]|--', ' ', text))
        paragraphs = [one_line(paragraph) for paragraph in re.split(r'\n\s*\n', text)]
        documents.append([p for p in paragraphs if len(p.split()) >= 8 and not HEADING.match(p) and p.upper() != p])
    rng = random.Random(seed)
    samples: list[tuple[str, int]] = []
    for novel, words in enumerate(words_without_names(documents)):
        passages = passages_of(words[300:], 60)
        rng.shuffle(passages)
        samples += [(passage, novel) for passage in passages[:908]]
    rng.shuffle(samples)
    train, test = samples[:7600], samples[7600:]
    write_texts(folder, [text for text, _ in train], [text for text, _ in test])
    authors = sorted(set(AUTHORS.values()))
    author_of = [authors.index(AUTHORS[novel]) for novel in novels]
    by_novel = [[novel for _, novel in part] for part in (train, test)]
    by_author = [[author_of[novel] for novel in part] for part in by_novel]
    return Split('gutenberg', seed, 'text', 'corpus.txt', {'novel': text_labeling(novels, *by_novel), 'author': text_labeling(authors, *by_author)})


TITLE = re.compile(r'^ = ([^=].*?) = $', re.MULTILINE)


def split_wikitext(folder: Path, seed: int) -> Split:
    """
    Passages of 40 words from the 20 longest articles of WikiText-2: from which article? A quarter is to test on. The passages of all other articles are text
    without labels: they are in the corpus only.
    """
    articles: list[tuple[str, str]] = []
    for path in need('wikitext-2/raw/valid.txt', 'wikitext-2/raw/test.txt'):
        parts = TITLE.split(path.read_text(encoding='utf-8'))
        articles += list(zip(parts[1::2], parts[2::2], strict=True))
    documents = [[line.replace(' @-@ ', ' ').replace(" 's", "'s") for line in text.split('\n') if len(line.split()) >= 8] for _, text in articles]
    words = words_without_names(documents)
    longest = sorted(range(len(words)), key=lambda i: (-len(words[i]), i))[:20]
    rng = random.Random(seed)
    train: list[tuple[str, int]] = []
    test: list[tuple[str, int]] = []
    for label, i in enumerate(longest):
        passages = passages_of(words[i], 40)
        rng.shuffle(passages)
        cut = len(passages) // 4
        test += [(passage, label) for passage in passages[:cut]]
        train += [(passage, label) for passage in passages[cut:]]
    rng.shuffle(train)
    rng.shuffle(test)
    others = [passage for i in range(len(words)) if i not in longest for passage in passages_of(words[i], 40)]
    corpus = [text for text, _ in train] + others
    rng.shuffle(corpus)
    write_texts(folder, [text for text, _ in train], [text for text, _ in test], corpus)
    titles = [one_line(articles[i][0]) for i in longest]
    return Split('wikitext', seed, 'text', 'corpus.txt', {'article': text_labeling(titles, [y for _, y in train], [y for _, y in test])})


def make(name: str, folder: Path, seed: int) -> Split:
    kind, _, count = name.partition('-')
    if kind == 'cifar':
        return split_cifar(folder, seed, int(count))
    if kind == 'fashion':
        return split_fashion(folder, seed, int(count))
    return {'clothing': split_clothing, 'trec': split_trec, 'sst2': split_sst2, 'gutenberg': split_gutenberg, 'wikitext': split_wikitext}[name](folder, seed)


def load_split(folder: Path) -> Split:
    """Reads `split.json` of a folder."""
    raw = json.loads((folder / 'split.json').read_text(encoding='utf-8'))
    labelings = {name: Labeling(**labeling) for name, labeling in raw.pop('labelings').items()}
    return Split(**{**raw, 'labelings': labelings, 'folder': str(folder)})


def open_split(name: str, seed: int, out: Path) -> Split:
    """
    The split of a set by a seed; it is written where it is not there yet.

    name: one of SETS
    out: the folder of outputs
    raises MissingData where the files of the set are not there
    """
    if name not in SETS:
        raise SystemExit(f'the set must be one of {", ".join(SETS)}, got {name}')
    seed = 0 if name in FIXED else seed
    folder = out.resolve() / 'splits' / f'{name}-{seed}'
    if (folder / 'split.json').exists():
        return load_split(folder)
    if folder.exists():
        shutil.rmtree(folder)  # was interrupted
    split = make(name, folder, seed)
    if split.kind == 'text':
        for i, (title, labeling) in enumerate(split.labelings.items()):
            write_tables(folder, labeling, '' if i == 0 else f'-{title}')
    (folder / 'split.json').write_text(json.dumps({k: v for k, v in asdict(split).items() if k != 'folder'}) + '\n', encoding='utf-8')
    return load_split(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description='Write splits of photos and texts as plain files.')
    parser.add_argument('--out', type=Path, required=True, help='the folder of outputs')
    parser.add_argument('--sets', default=','.join(SETS), help='with commas; default all')
    parser.add_argument('--seeds', default='0,1,2', help='with commas; default 0,1,2')
    given = parser.parse_args()
    for name in given.sets.split(','):
        for seed in [0] if name in FIXED else [int(seed) for seed in given.seeds.split(',')]:
            try:
                split = open_split(name, seed, given.out)
            except MissingData as error:
                print(f'{name}: skipped, {error}')
                break
            for title, labeling in split.labelings.items():
                print(f'{split.folder}: {len(labeling.train)} / {len(labeling.test)}, {len(labeling.classes)} classes ({title})')


if __name__ == '__main__':
    main()
