import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { normalize } from '@selfsup/augment';
import { createRng, drawUniform } from '@selfsup/core';
import { loadTokenizer, type Tokenizer } from '@selfsup/data/text';
import type { BertEncoder, VitEncoder } from '@selfsup/encoders';
import { poolTokens, type TokenInput } from '@selfsup/evaluate';
import { openFillMask, parseRunFile, type LoadedEncoder } from '@selfsup/pretrain';
import { classifierFolder, loadClassifier, loadEncoder } from '@selfsup/pretrain/node';
import * as tf from '@tensorflow/tfjs-core';
import type { Case, Numbers } from './exchange.ts';
import { sentences, type Subject } from './subjects.ts';

const numbersOf = (tensor: tf.Tensor): Numbers => ({ shape: [...tensor.shape], data: [...tensor.dataSync()] });

/** Numbers of tensors that are made inside, which are disposed. */
const numbersOfAll = (make: () => Readonly<Record<string, tf.Tensor>>): Record<string, Numbers> => {
  const tensors = tf.tidy(() => make());
  const numbers = Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, numbersOf(tensor)]));
  tf.dispose(Object.values(tensors));
  return numbers;
};

/** Images with colors that change slowly, and noise. */
function drawPixels(
  count: number,
  { height, width, channels }: { readonly height: number; readonly width: number; readonly channels: number },
): Numbers {
  const rng = createRng(count);
  const noise = drawUniform(rng.fold('noise'), count * height * width * channels, { max: 1 });
  const slopes = drawUniform(rng.fold('slopes'), 2 * count * channels, { min: -1, max: 1 });
  const data = Array.from(noise, (value, i) => {
    const [channel, pixel] = [i % channels, Math.floor(i / channels) % (height * width)];
    const at = 2 * (Math.floor(i / (channels * height * width)) * channels + channel);
    const [x, y] = [(pixel % width) / width - 0.5, Math.floor(pixel / width) / height - 0.5];
    return Math.max(0, Math.min(255, Math.round(128 + 120 * (slopes[at]! * x + slopes[at + 1]! * y) + 60 * (value - 0.5))));
  });
  return { shape: [count, height, width, channels], data };
}

function imageCase(encoder: LoadedEncoder, count: number): Case {
  const input = encoder.input as { size: number; height?: number; width?: number; channels: number; mean: number[]; std: number[] };
  const { size, height = size, width = size, channels, mean, std } = input;
  const pixels = drawPixels(count, { height, width, channels });
  const inference = { training: false };
  const expected = numbersOfAll(() => {
    const images = tf.div<tf.Tensor4D>(tf.tensor4d([...pixels.data], pixels.shape as [number, number, number, number]), 255);
    const standard = normalize({ mean, std })(images, createRng(0));
    const states = (encoder.module as unknown as Partial<VitEncoder>).encode?.({ images: standard }, inference);
    return {
      features: encoder.features.apply(standard, inference),
      global: encoder.module.apply(standard, inference),
      ...(states && { last_hidden_state: states }),
    };
  });
  return { pixels, expected };
}

interface TextContext {
  readonly subject: Subject;
  readonly tokenizer: Tokenizer;
}

type Rows = readonly { readonly ids: ArrayLike<number>; readonly segments: ArrayLike<number> }[];

/** A readout of text. */
interface SequenceReader {
  apply(input: TokenInput, options: { readonly training: false }): tf.Tensor;
}

function tokenCase(encoder: LoadedEncoder, rows: Rows, texts?: readonly string[]): Case {
  const length = Math.max(...rows.map(({ ids }) => ids.length));
  const filled = (values: (row: Rows[number]) => ArrayLike<number>): Numbers => ({
    shape: [rows.length, length],
    data: rows.flatMap((row) => Array.from({ length }, (_, i) => values(row)[i] ?? 0)),
  });
  const tokens = {
    input_ids: filled(({ ids }) => ids),
    attention_mask: filled(({ ids }) => Array.from(ids, () => 1)),
    token_type_ids: filled(({ segments }) => segments),
  };
  const bert = encoder.module as unknown as BertEncoder;
  const isReadout = encoder.features !== encoder.module;
  const expected = numbersOfAll(() => {
    const tensor = ({ data }: Numbers) => tf.tensor2d([...data], [rows.length, length], 'int32');
    const input: TokenInput & { segmentIds: tf.Tensor2D } = {
      tokenIds: tensor(tokens.input_ids),
      attentionMask: tensor(tokens.attention_mask),
      segmentIds: tensor(tokens.token_type_ids),
    };
    const mean = poolTokens(bert, { pooling: 'mean' }).apply(input, { training: false });
    return {
      last_hidden_state: bert.encode(input, { training: false }),
      features: isReadout ? (encoder.features as unknown as SequenceReader).apply(input, { training: false }) : tf.clone(mean),
      mean,
    };
  });
  return { tokens, expected, ...(texts && { texts }) };
}

function textCases(encoder: LoadedEncoder, { tokenizer }: TextContext): Case[] {
  const most = (encoder.input as unknown as { length: number }).length;
  const rowOf = (text: string) => {
    const { ids, segmentIds } = tokenizer.encode(text);
    return { ids, segments: segmentIds };
  };
  const some = [sentences(4, 1), sentences(1, 2)].map((texts) => texts.map((text) => text.split(' ').slice(0, 4).join(' ')));
  const pair = { ids: rowOf(sentences(5, 3)[4]!).ids.slice(0, most), segments: [0, 0, 0, 1, 1, 1] };
  return [...some.map((texts) => tokenCase(encoder, texts.map(rowOf), texts)), tokenCase(encoder, [pair, rowOf(some[1]![0]!)])];
}

/** What transformers.js is to guess at a mask: ids of the best tokens, and how probable each is. */
async function maskCase({ subject, tokenizer }: TextContext): Promise<Case> {
  const read = (name: string) => readFileSync(join(subject.run, name));
  const files = Object.fromEntries(['tokenizer.json'].map((name) => [name, read(name).toString()]));
  const model = await openFillMask({
    run: parseRunFile(read('run.json').toString(), 'run.json'),
    checkpoint: read('checkpoint.safetensors'),
    files,
  });
  const text = 'the old [MASK] ran';
  const [guesses = []] = await model.fill(text, { top: 3 });
  model.dispose();
  const idOf = (token: string) => {
    for (let id = 0; id < 1000; id++) if (tokenizer.tokenOf(id) === token) return id;
    throw new Error(`no token ${token}`);
  };
  const row = (data: number[]): Numbers => ({ shape: [1, data.length], data });
  return {
    texts: [text],
    expected: { guesses: row(guesses.map(({ token }) => idOf(token))), scores: row(guesses.map(({ probability }) => probability)) },
  };
}

/** The same images as `selfsup predict` sees them: what a classifier that goes along has to say. */
async function withProbabilities(subject: Subject, { pixels, expected, ...rest }: Case): Promise<Case> {
  const classifier = await loadClassifier(classifierFolder(subject.run, subject.classifier!), { encoder: subject.run });
  const { probabilities } = await classifier.predict({ images: Uint8Array.from(pixels!.data), shape: pixels!.shape });
  classifier.dispose();
  return {
    ...rest,
    pixels: pixels!,
    expected: { ...expected, probabilities: { shape: [...probabilities.shape], data: [...probabilities.data] } },
  };
}

/** What our encoder makes of some inputs. */
export interface Expected {
  readonly cases: readonly Case[];
  /** For a consumer that fills masks. */
  readonly masks: readonly Case[];
}

/**
 * Computes with our encoder what all consumers are to compute; a backend must be in force.
 *
 * @param subject which encoder
 * @returns cases of several and of a single sample; `expected` has `features`, those of the run; `global`, the network's own output; `last_hidden_state`
 */
export async function computeExpected(subject: Subject): Promise<Expected> {
  const encoder = await loadEncoder(subject.run);
  try {
    if (subject.kind === 'image') {
      const cases = [imageCase(encoder, 4), imageCase(encoder, 1)];
      return {
        cases: subject.classifier === undefined ? cases : await Promise.all(cases.map((one) => withProbabilities(subject, one))),
        masks: [],
      };
    }
    const tokenizer = await loadTokenizer(encoder.files['tokenizer.json']!, { name: 'tokenizer.json' });
    const context = { subject, tokenizer };
    return { cases: textCases(encoder, context), masks: subject.fillsMasks ? [await maskCase(context)] : [] };
  } finally {
    encoder.dispose();
  }
}
