"""BERT-tiny by masked language modeling in PyTorch and transformers: the peer of `selfsup train --task masked-language`, on the same sequences.

usage: python tools/peers/masked_language.py --corpus FOLDER --vocabulary vocab.txt --steps N [--help]

The sequences are those of `openCorpus` of @selfsup/data, read from its cache, so that documents, held-out documents, tokens and cuts are the same. FOLDER is its
`cacheFolder`, or the one in it. The format, all little-endian:

- `index.json`: `format` 1, `vocabularySize`, `complete`, and `shards.train` and `shards.validation`, lists of `file`, `tokens`, `sentences`, `documents`, `sha256`.
- each `file`: `tokens` ids (uint16 up to 65,536 ids, int32 beyond), `sentences` ends (uint32), `documents` ends (uint32). An end is the number of the shard's
  tokens before it. Every document ends in a [SEP] that is part of its tokens; one that goes on in the next shard has its end there.
- a document without that [SEP] is cut into spans of length - 2 tokens, the last one shorter; a sequence is [CLS] span [SEP], then [PAD].

Recipe: 2 layers of width 128, 2 heads, dropout 0.1, kernels and embeddings truncated normal of deviation 0.02; each epoch a new permutation, its last incomplete
batch left out; a mask of its own each step (15 %; 80/10/10), logits at masked positions only; AdamW (betas 0.9 and 0.999, epsilon 1e-6, decay not for
biases and norms) after clipping the global norm to 1; linear warm-up, then linear decay to 0. Every line of the output is JSON, losses in nats:

- `corpus`: what was read, and `unigramEntropy`, of the training tokens.
- `train`, each 100 steps: `loss`, the mean since the last line; `tokensPerSecond` since the start, padding and special tokens counted, evaluations left out.
- `evaluation`: `loss` over all masked tokens of the held-out sequences without dropout, the same masks each time; `unigramLoss`, the mean of -log p of the same
  masked tokens with p the training tokens' frequencies (one added to each count); `unigramEntropy`, of the training tokens; `maskedEntropy`, of the frequencies
  of these masked tokens themselves, which few tokens make too small.
"""

import argparse
import hashlib
import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
import transformers
from torch.nn.functional import cross_entropy

SPECIAL = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]')


def options():
    parser = argparse.ArgumentParser(description='BERT-tiny by masked language modeling in PyTorch, on the sequences of a corpus that openCorpus cached.')
    parser.add_argument('--corpus', type=Path, required=True, help='cacheFolder of openCorpus, or the one folder in it')
    parser.add_argument('--vocabulary', type=Path, required=True, help='vocab.txt')
    parser.add_argument('--steps', type=int, required=True)
    parser.add_argument('--length', type=int, default=128)
    parser.add_argument('--batch-size', type=int, default=32)
    parser.add_argument('--learning-rate', type=float, default=1e-3)
    parser.add_argument('--warmup-steps', type=int, default=0)
    parser.add_argument('--schedule', choices=('huggingface', 'google'), default='huggingface', help='decay counted from the end of the warm-up, or from step 0')
    parser.add_argument('--weight-decay', type=float, default=0.01)
    parser.add_argument('--clip', type=float, default=1.0, help='global norm; 0: none')
    parser.add_argument('--bias-correction', action=argparse.BooleanOptionalAction, default=True, help="of Adam's moments; BERT's has none")
    parser.add_argument('--rule', choices=('counted', 'bernoulli'), default='counted', help="how many are masked: google-research/bert's, or Hugging Face's")
    parser.add_argument('--dropout', type=float, default=0.1)
    parser.add_argument('--initializer', choices=('truncated', 'normal'), default='truncated')
    parser.add_argument('--evaluate-every', type=int, default=0, help='0: at the end only')
    parser.add_argument('--evaluate-sequences', type=int, default=0, help='the first so many held-out sequences; 0: all')
    parser.add_argument('--report-every', type=int, default=100)
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--threads', type=int, default=1)
    parser.add_argument('--save', type=Path, help='folder for the trained model, as transformers saves it')
    return parser.parse_args()


def report(**fields):
    print(json.dumps(fields), flush=True)


class Sequences:
    """The sequences of one split: ids [n, length], padding where there is nothing."""

    def __init__(self, folder, index, split, length, ids):
        width = np.dtype('<u2' if index['vocabularySize'] <= 0x10000 else '<i4')
        tokens, ends, start = [], [], 0
        for entry in index['shards'][split]:
            data = (folder / entry['file']).read_bytes()
            if hashlib.sha256(data).hexdigest() != entry['sha256']:
                sys.exit(f"{folder / entry['file']} is damaged; open the corpus again")
            tokens.append(np.frombuffer(data, width, entry['tokens']))
            offset = width.itemsize * entry['tokens'] + 4 * entry['sentences']
            ends.append(start + np.frombuffer(data, '<u4', entry['documents'], offset).astype(np.int64))
            start += entry['tokens']
        self.tokens = np.concatenate(tokens).astype(np.int64)
        ends = np.concatenate(ends)
        room = length - 2
        spans = [
            (at, min(at + room, end - 1))  # without the [SEP] that ends the document
            for begin, end in zip(np.concatenate([[0], ends[:-1]]).tolist(), ends.tolist())
            for at in range(begin, end - 1, room)
        ]
        self.documents = len(ends)
        self.rows = np.full([len(spans), length], ids['[PAD]'], np.int64)
        for row, (begin, end) in zip(self.rows, spans):
            row[0] = ids['[CLS]']
            row[1 : 1 + end - begin] = self.tokens[begin:end]
            row[1 + end - begin] = ids['[SEP]']


class Masking:
    """Hides 15 % of the tokens of rows; special tokens are neither hidden nor put in."""

    def __init__(self, ids, vocabulary_size, rule):
        self.special = np.zeros(vocabulary_size, bool)
        self.special[[ids[name] for name in SPECIAL]] = True
        self.ordinary = np.flatnonzero(~self.special)
        self.mask, self.pad, self.rule = ids['[MASK]'], ids['[PAD]'], rule

    def __call__(self, rows, rng):
        """Corrupted rows, the hidden places in the flattened rows, and what stood there."""
        draw = rng.random(rows.shape)
        draw[self.special[rows]] = 2  # beyond all others
        if self.rule == 'bernoulli':
            hidden = draw < 0.15
        else:
            budget = np.maximum(1, np.rint(0.15 * (rows != self.pad).sum(1)))
            rank = draw.argsort(1).argsort(1)
            hidden = (rank < budget[:, None]) & (draw < 1)
        places = np.flatnonzero(hidden)
        labels = rows.reshape(-1)[places]
        kind = rng.random(len(places))
        words = rng.choice(self.ordinary, len(places))
        corrupted = rows.copy()
        corrupted.reshape(-1)[places] = np.where(kind < 0.8, self.mask, np.where(kind < 0.9, words, labels))
        return corrupted, places, labels


class AdamW:
    """torch.optim.AdamW, or without bias correction that of google-research/bert: the rate is that of the step."""

    def __init__(self, groups, bias_correction, betas=(0.9, 0.999), epsilon=1e-6):
        self.groups, self.correct, self.betas, self.epsilon, self.count = groups, bias_correction, betas, epsilon, 0
        self.moments = [[[torch.zeros_like(p) for p in parameters] for _ in range(2)] for parameters, _ in groups]

    @torch.no_grad()
    def step(self, rate):
        self.count += 1
        first, second = (1 - beta**self.count if self.correct else 1.0 for beta in self.betas)
        for (parameters, decay), (m, v) in zip(self.groups, self.moments):
            gradients = [p.grad for p in parameters]
            torch._foreach_mul_(parameters, 1 - rate * decay)
            torch._foreach_lerp_(m, gradients, 1 - self.betas[0])
            torch._foreach_mul_(v, self.betas[1])
            torch._foreach_addcmul_(v, gradients, gradients, 1 - self.betas[1])
            scale = torch._foreach_sqrt(v)
            torch._foreach_div_(scale, second**0.5)
            torch._foreach_add_(scale, self.epsilon)
            torch._foreach_addcdiv_(parameters, m, scale, -rate / first)


def rate_at(step, args):
    """The rate of update `step`, counted from 0; the first of a warm-up is peak / warmup."""
    warm = args.warmup_steps
    if step < warm:
        return args.learning_rate * (step + 1) / warm
    start = warm if args.schedule == 'huggingface' else 0
    return args.learning_rate * (args.steps - step) / (args.steps - start)


def build(vocabulary_size, pad, args):
    config = transformers.BertConfig(
        vocab_size=vocabulary_size,
        hidden_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=512,
        hidden_dropout_prob=args.dropout,
        attention_probs_dropout_prob=args.dropout,
        max_position_embeddings=max(512, args.length),
        initializer_range=0.02,
        pad_token_id=pad,
    )
    model = transformers.BertForMaskedLM(config)
    if args.initializer == 'truncated':
        for parameter in model.parameters():
            if parameter.dim() == 2:
                torch.nn.init.trunc_normal_(parameter, std=0.02, a=-0.04, b=0.04)
    return model


def masked_loss(model, batch, pad, reduction='mean'):
    rows, places, labels = (torch.from_numpy(part) for part in batch)
    hidden = model.bert(input_ids=rows, attention_mask=(rows != pad).long()).last_hidden_state
    logits = model.cls(hidden.flatten(0, 1)[places])  # [masked, vocabulary]
    return cross_entropy(logits, labels, reduction=reduction)


def entropy(counts):
    p = counts[counts > 0] / counts.sum()
    return float(-(p * np.log(p)).sum())


@torch.no_grad()
def evaluate(model, batches, pad):
    model.eval()
    total = sum(masked_loss(model, batch, pad, 'sum').item() for batch in batches)
    model.train()
    return total / sum(len(labels) for _, _, labels in batches)


def main():
    args = options()
    if not 0 <= args.warmup_steps < args.steps or args.batch_size < 1 or args.length < 4:
        sys.exit('wanted: 0 <= warmup-steps < steps, batch-size >= 1, length >= 4')
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    order_rng, mask_rng = (np.random.default_rng([args.seed, stream]) for stream in (1, 2))
    words = args.vocabulary.read_text('utf8').splitlines()
    ids = {name: words.index(name) for name in SPECIAL}
    found = sorted(args.corpus.glob('index.json')) or sorted(args.corpus.glob('*/index.json'))
    if len(found) != 1:
        sys.exit(f'{args.corpus} must hold one corpus, it holds {len(found)}')
    index = json.loads(found[0].read_text())
    if index['format'] != 1 or not index['complete'] or index['vocabularySize'] != len(words):
        sys.exit(f'{found[0]} must be complete, of format 1 and of a vocabulary of {len(words)}')
    train, held_out = (Sequences(found[0].parent, index, split, args.length, ids) for split in ('train', 'validation'))
    if len(train.rows) < args.batch_size:
        sys.exit(f'{len(train.rows)} sequences are less than a batch of {args.batch_size}')

    masking = Masking(ids, len(words), args.rule)
    counts = np.bincount(train.tokens, minlength=len(words)).astype(np.float64)
    counts[masking.special] = 0
    fixed = np.random.default_rng(20261124)  # the same masks whatever the seed
    chosen = held_out.rows[: args.evaluate_sequences or None]
    batches = [masking(chosen[at : at + 64], fixed) for at in range(0, len(chosen), 64)]
    labels = np.concatenate([part for _, _, part in batches])
    smoothed = (counts + 1) / (counts + 1)[masking.ordinary].sum()
    baselines = {
        'unigramLoss': float(-np.log(smoothed[labels]).mean()),
        'unigramEntropy': entropy(counts),
        'maskedEntropy': entropy(np.bincount(labels).astype(np.float64)),
    }
    sizes = {name: {'documents': part.documents, 'sequences': len(part.rows)} for name, part in (('train', train), ('heldOut', held_out))}
    report(kind='corpus', **sizes, trainTokens=int(counts.sum()), unigramEntropy=baselines['unigramEntropy'])

    model = build(len(words), ids['[PAD]'], args).train()
    parameters = list(model.parameters())
    groups = [([p for p in parameters if p.dim() > 1], args.weight_decay), ([p for p in parameters if p.dim() == 1], 0.0)]
    optimizer = AdamW(groups, args.bias_correction)
    settings = {name: str(value) if isinstance(value, Path) else value for name, value in vars(args).items() if name not in ('corpus', 'vocabulary', 'save')}
    versions = {'torch': torch.__version__, 'transformers': transformers.__version__}
    report(kind='model', parameters=sum(p.numel() for p in parameters), **settings, **versions)

    order, seconds, since, begun = np.empty(0, np.int64), 0.0, [], time.perf_counter()
    for step in range(args.steps):
        if len(order) < args.batch_size:
            order = order_rng.permutation(len(train.rows))
        rows, order = train.rows[order[: args.batch_size]], order[args.batch_size :]
        model.zero_grad(set_to_none=True)
        loss = masked_loss(model, masking(rows, mask_rng), ids['[PAD]'])
        loss.backward()
        if args.clip > 0:
            torch.nn.utils.clip_grad_norm_(parameters, args.clip)
        optimizer.step(rate_at(step, args))
        since.append(loss.item())
        done = step + 1
        if done % args.report_every == 0 or done == args.steps:
            spent = seconds + time.perf_counter() - begun
            speed = round(done * args.batch_size * args.length / spent)
            report(kind='train', step=done, loss=sum(since) / len(since), seconds=round(spent, 1), tokensPerSecond=speed)
            since = []
        if done == args.steps or (args.evaluate_every and done % args.evaluate_every == 0):
            seconds += time.perf_counter() - begun
            value = evaluate(model, batches, ids['[PAD]'])
            report(kind='evaluation', step=done, loss=value, maskedTokens=len(labels), sequences=len(chosen), **baselines)
            begun = time.perf_counter()
    if args.save:
        model.save_pretrained(args.save)


if __name__ == '__main__':
    main()
