"""Ours beside theirs: what `selfsup` learns without labels, beside features that nobody trained, judged by the same code. See README.md.

usage: python3 tools/baselines/compare.py --out FOLDER --sets clothing,fashion-1000 [--seeds 0,1,2] [-- ARGUMENTS of `selfsup train`]

Without arguments of `selfsup train` only the baselines are measured. What was measured before, by the same code, is read from FOLDER and not measured again.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

os.environ.setdefault('OMP_NUM_THREADS', '1')

import numpy as np

from features import IMAGE_FEATURES, TEXT_FEATURES, feature_names, features_of
from judge import judge, split_embeddings
from splits import FIXED, ROOT, SETS, MissingData, Split, open_split

SELFSUP = ['npx', 'node', '--conditions=@selfsup/source']
HERE = Path(__file__).resolve().parent
OURS = ('untrained', 'trained')
Result = dict[str, object]  # accuracy: labeling -> Accuracies; columns; seconds; and of ours trainSeconds and args


class Failed(Exception):
    """A command of selfsup did not end well."""


def digest(*parts: str) -> str:
    return hashlib.sha256('\n'.join(parts).encode()).hexdigest()[:12]


def code_digest() -> str:
    """Of what decides the numbers: another version measures again."""
    return digest(*((HERE / name).read_text(encoding='utf-8') for name in ('splits.py', 'features.py', 'judge.py')))


def judged(split: Split, train: object, test: object, readouts: tuple[str, ...]) -> Result:
    started = time.perf_counter()
    accuracy = {name: judge(train, test, labeling, split.kind, readouts) for name, labeling in split.labelings.items()}
    return {'accuracy': accuracy, 'columns': train.shape[1], 'judgeSeconds': round(time.perf_counter() - started, 1)}


def run_command(command: list[str], log: Path) -> float:
    """Runs a command in the root of the repository, its output into a file; returns its seconds."""
    log.parent.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    with open(log, 'w', encoding='utf-8') as file:
        code = subprocess.run(command, cwd=ROOT, stdout=file, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, check=False).returncode
    if code != 0:
        last = log.read_text(encoding='utf-8', errors='replace').strip().split('\n')[-8:]
        raise Failed(f'{" ".join(command)}\nended with {code}; the end of {log}:\n' + '\n'.join(last))
    return time.perf_counter() - started


def embed(split: Split, run: Path, which: str, embed_args: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Features of a run's encoder, or of the same network with fresh weights."""
    folder = run.parent / f'{run.name}-{which}'
    command = [*SELFSUP, 'packages/cli/src/bin.ts', 'embed'] if which == 'trained' else [*SELFSUP, str(HERE / 'embed-untrained.ts')]
    given = ['--run', str(run), *(embed_args if which == 'trained' else [])]
    if split.kind == 'image':
        out = folder / 'all.npy'
        run_command([*command, *given, '--data', str(split.path / split.data), '--out', str(out)], folder / 'all.log')
        return split_embeddings(out, split)
    parts = []
    for part in ('train', 'test'):  # lines without labels: nothing is held out, and the order stays
        out = folder / f'{part}.npy'
        run_command([*command, *given, '--data', str(split.path / f'{part}.txt'), '--out', str(out)], folder / f'{part}.log')
        parts.append(np.load(out))
    return parts[0], parts[1]


def measure_ours(split: Split, seed: int, out: Path, options: argparse.Namespace) -> dict[str, Result]:
    """Trains on a split, embeds it and judges the features, of the trained encoder and of the same network before training."""
    run = out / 'runs' / options.name / f'{split.set}-{seed}'
    data = str(split.path / split.data)
    documents = ['--documents', 'blank-line'] if split.kind == 'text' and '--documents' not in options.train else []
    command = [*SELFSUP, 'packages/cli/src/bin.ts', 'train', '--data', data, *documents, '--out', str(run), '--seed', str(seed), '--overwrite', *options.train]
    seconds = run_command(command, run.parent / f'{run.name}-train.log')
    found: dict[str, Result] = {}
    for which in ('trained', 'untrained') if options.control else ('trained',):
        started = time.perf_counter()
        try:
            train, test = embed(split, run, which, options.embed)
        except Failed as error:
            if which == 'trained':
                raise
            print(f'{split.set}, seed {seed}: no untrained control: {error}', file=sys.stderr)
            continue
        embed_seconds = round(time.perf_counter() - started, 1)
        found[which] = {**judged(split, train, test, options.readouts), 'embedSeconds': embed_seconds}
    found['trained'] |= {'trainSeconds': round(seconds, 1), 'train': options.train}
    return found


def measure(split: Split, seed: int, options: argparse.Namespace) -> dict[str, Result]:
    """All that is to be compared on a split, by the name of its column; what was measured before is read."""
    folder = options.out / 'results'
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f'{split.set}-{split.seed}-{digest(code_digest(), *options.readouts)}.json'
    known: dict[str, Result] = json.loads(file.read_text(encoding='utf-8')) if file.exists() else {}
    for name in options.features or feature_names(split):
        if name not in feature_names(split) or name in known:
            continue
        started = time.perf_counter()
        train, test = features_of(split, name)
        seconds = round(time.perf_counter() - started, 1)
        known[name] = {**judged(split, train, test, options.readouts), 'seconds': seconds}
        print(f'{split.set}-{split.seed} {name}: {seconds} s, judged in {known[name]["judgeSeconds"]} s', file=sys.stderr)
        file.write_text(json.dumps(known) + '\n', encoding='utf-8')
    wanted = {name: known[name] for name in options.features or feature_names(split) if name in known}
    if options.train:
        ours = folder / f'ours-{options.name}-{split.set}-{seed}.json'
        key = digest(code_digest(), *options.readouts, *options.train, *options.embed)
        stored = json.loads(ours.read_text(encoding='utf-8')) if ours.exists() and not options.again else {}
        if stored.get('key') != key:
            stored = {'key': key, 'results': measure_ours(split, seed, options.out, options)}
            ours.write_text(json.dumps(stored) + '\n', encoding='utf-8')
        wanted |= stored['results']
    return wanted


def shown(values: list[float]) -> str:
    """Mean and deviation in percent."""
    return f'{np.mean(values):.1f} ± {np.std(values):.1f}' if len(values) > 1 else f'{values[0]:.1f}'


def table_of(results: list[tuple[str, int, dict[str, Result]]]) -> list[dict[str, object]]:
    """
    A row for each set, labeling, labeled subset and readout. A value is the mean over all seeds and draws; its deviation that of the seeds, each the mean of its
    draws, or that of the draws where there is only one seed.
    """
    rows: dict[tuple[str, str, str, str], dict[str, list[list[float]]]] = {}
    for set_name, _, by_column in results:
        for column, result in by_column.items():
            for labeling, accuracies in result['accuracy'].items():  # type: ignore[attr-defined]
                for readout, subsets in accuracies.items():
                    for subset, draws in subsets.items():
                        rows.setdefault((set_name, labeling, subset, readout), {}).setdefault(column, []).append(draws)
    found = []
    for (set_name, labeling, subset, readout), columns in rows.items():
        cells = {}
        for column, seeds in columns.items():
            values = [float(np.mean(draws)) for draws in seeds] if len(seeds) > 1 else seeds[0]
            cells[column] = {'mean': float(np.mean(values)), 'deviation': float(np.std(values)), 'values': values, 'seeds': len(seeds)}
        found.append({'set': set_name, 'labeling': labeling, 'labels': subset, 'readout': readout, 'columns': cells})
    return found


def print_table(rows: list[dict[str, object]], kind_of: dict[str, str]) -> None:
    """One table in Markdown for images and one for texts."""
    for kind in ('image', 'text'):
        here = [row for row in rows if kind_of[str(row['set'])] == kind]
        if not here:
            continue
        names: list[str] = []
        for row in here:
            names += [name for name in row['columns'] if name not in names]  # type: ignore[attr-defined]
        names = [name for name in names if name not in OURS] + [name for name in OURS if name in names]
        lines = [['set', 'labels', 'readout', *(f'ours, {name}' if name in OURS else name for name in names)]]
        for row in here:
            label = str(row['set']) + ('' if row['labeling'] == 'class' else f', {row["labeling"]}')
            cells: dict[str, dict[str, list[float]]] = row['columns']  # type: ignore[assignment]
            lines.append([label, str(row['labels']), str(row['readout']), *(shown(cells[name]['values']) if name in cells else '–' for name in names)])
        widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
        lines.insert(1, ['-' * width for width in widths])
        print('\n' + '\n'.join('| ' + ' | '.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + ' |' for line in lines))


def options() -> argparse.Namespace:
    own, train = sys.argv[1:], []
    if '--' in own:
        own, train = own[: own.index('--')], own[own.index('--') + 1 :]
    parser = argparse.ArgumentParser(description='Compare selfsup with features that nobody trained.', epilog='Whatever follows `--` is for `selfsup train`.')
    parser.add_argument('--out', type=Path, required=True, help='the folder of splits, runs and results')
    parser.add_argument('--sets', default=','.join(SETS), help=f'with commas; default all: {",".join(SETS)}')
    parser.add_argument('--seeds', default='0,1,2', help='with commas: of the split and of training; default 0,1,2')
    parser.add_argument('--features', default='', help='only these baselines, with commas; `none` for none; default all')
    parser.add_argument('--readouts', default='linear,knn', help='with commas; default linear,knn')
    parser.add_argument('--embed', default='', help='arguments of `selfsup embed`, one string')
    parser.add_argument('--name', default='', help='of the folder of the runs; default from the arguments of training')
    parser.add_argument('--no-control', dest='control', action='store_false', help='leave the untrained network out')
    parser.add_argument('--again', action='store_true', help='train again where there are results')
    parser.add_argument('--json', type=Path, help='also write the numbers to this file')
    given = parser.parse_args(own)
    given.out = given.out.resolve()
    given.train, given.embed = train, given.embed.split()
    given.name = given.name or digest(*train, *given.embed)
    given.readouts = tuple(given.readouts.split(','))
    given.features = given.features.split(',') if given.features else []
    unknown = [name for name in given.features if name not in (*IMAGE_FEATURES, *TEXT_FEATURES, 'none')]
    if unknown:
        parser.error(f'--features must be of {", ".join((*IMAGE_FEATURES, *TEXT_FEATURES))}, or none; got {unknown[0]}')
    return given


def main() -> None:
    given = options()
    results: list[tuple[str, int, dict[str, Result]]] = []
    kind_of: dict[str, str] = {}
    failed = False
    for name in given.sets.split(','):
        seeds = [int(seed) for seed in given.seeds.split(',')]
        for seed in seeds[:1] if name in FIXED and not given.train else seeds:
            try:
                split = open_split(name, seed, given.out)
                kind_of[name] = split.kind
                found = measure(split, seed, given)
                if name in FIXED and seed != seeds[0]:  # the same baselines count once
                    found = {column: result for column, result in found.items() if column in OURS}
                results.append((name, seed, found))
            except MissingData as error:
                print(f'{name}: skipped, {error}', file=sys.stderr)
                break
            except (Failed, ValueError) as error:
                failed = True
                print(f'{name}, seed {seed}: {error}', file=sys.stderr)
    rows = table_of(results)
    print_table(rows, kind_of)
    if given.json:
        runs = [{'set': name, 'seed': seed, 'results': found} for name, seed, found in results]
        given.json.parent.mkdir(parents=True, exist_ok=True)
        given.json.write_text(json.dumps({'train': given.train, 'embed': given.embed, 'table': rows, 'runs': runs}, indent=1) + '\n', encoding='utf-8')
    sys.exit(1 if failed else 0)


if __name__ == '__main__':
    main()
