import type { BertSize } from '../bert.ts';

/** Everything that says how the variables of a BERT are shaped. Internal. */
export type BertDims = BertSize & { vocabularySize: number; maxPositions: number; numSegments: number };

/** One variable on both sides. Internal. */
export interface TensorPair {
  /** Hugging Face's name. */
  readonly name: string;
  /** Ours, within the module. */
  readonly path: string;
  /** Our shape. */
  readonly shape: readonly number[];
  /** A kernel: theirs is the transposed one. */
  readonly transposed: boolean;
}

const pair = (name: string, path: string, shape: readonly number[], transposed = false): TensorPair => ({ name, path, shape, transposed });
const dense = (name: string, path: string, [from, to]: readonly [number, number]) => [
  pair(`${name}.weight`, `${path}/kernel`, [from, to], true),
  pair(`${name}.bias`, `${path}/bias`, [to]),
];
const norm = (name: string, path: string, width: number) => [
  pair(`${name}.weight`, `${path}/scale`, [width]),
  pair(`${name}.bias`, `${path}/offset`, [width]),
];

/** The encoder's variables; names without the prefix `bert.`. Internal. */
export function backboneTensors({ numLayers, width, vocabularySize, maxPositions, numSegments }: BertDims): TensorPair[] {
  const square = [width, width] as const;
  const layers = Array.from({ length: numLayers }, (_, i) => {
    const [theirs, ours] = [`encoder.layer.${i}`, `encoder/layer${i}`];
    return [
      ...['query', 'key', 'value'].flatMap((part) => dense(`${theirs}.attention.self.${part}`, `${ours}/attention/${part}`, square)),
      ...dense(`${theirs}.attention.output.dense`, `${ours}/attention/output`, square),
      ...norm(`${theirs}.attention.output.LayerNorm`, `${ours}/attention/norm`, width),
      ...dense(`${theirs}.intermediate.dense`, `${ours}/intermediate`, [width, 4 * width]),
      ...dense(`${theirs}.output.dense`, `${ours}/output`, [4 * width, width]),
      ...norm(`${theirs}.output.LayerNorm`, `${ours}/norm`, width),
    ];
  });
  return [
    pair('embeddings.word_embeddings.weight', 'embeddings/word/weight', [vocabularySize, width]),
    pair('embeddings.position_embeddings.weight', 'embeddings/position/weight', [maxPositions, width]),
    pair('embeddings.token_type_embeddings.weight', 'embeddings/segment/weight', [numSegments, width]),
    ...norm('embeddings.LayerNorm', 'embeddings/norm', width),
    ...layers.flat(),
  ];
}

/** The variables of `maskedLanguageHead`. Internal. */
export function headTensors({ width, vocabularySize }: BertDims): TensorPair[] {
  return [
    ...dense('cls.predictions.transform.dense', 'dense', [width, width]),
    ...norm('cls.predictions.transform.LayerNorm', 'norm', width),
    pair('cls.predictions.bias', 'bias', [vocabularySize]),
  ];
}

/** The variables of `nextSentenceHead`; the pooler's name without the prefix `bert.`. Internal. */
export function nextSentenceTensors({ width }: BertDims): TensorPair[] {
  return [...dense('pooler.dense', 'pooler', [width, width]), ...dense('cls.seq_relationship', 'output', [width, 2])];
}

/** `[rows, columns]` row by row as `[columns, rows]`. Internal. */
export function transpose(data: Float32Array, [rows, columns]: readonly [number, number]): Float32Array {
  const result = new Float32Array(data.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) result[j * rows + i] = data[i * columns + j]!;
  return result;
}
