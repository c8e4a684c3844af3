import { printable, SelfsupError } from '@selfsup/core';
import { loadWeights } from '@selfsup/encoders';
import { trace, writeGraphModel, writeOnnx, type Graph, type OnnxPrecision } from '@selfsup/export';
import type * as tf from '@tensorflow/tfjs-core';
import { decodeClassifier, type ClassifierParts } from '../classifier/classifier-file.ts';
import { classifierOn, fineTunedFeatures } from '../classifier/load-classifier.ts';
import { loadEncoder, type LoadedEncoder, type LoadEncoderOptions } from '../load-encoder.ts';
import type { PortableNetwork } from '../portable.ts';
import type { RunResult } from '../run-result.ts';
import { suggest } from '../suggest.ts';
import { assertPrecise } from './assert-precise.ts';
import { classify, type LinearHead } from './linear-head.ts';
import { modelCard } from './model-card.ts';

/** Formats that hold the network itself. */
const GRAPH_FORMATS = ['onnx', 'tfjs'] as const;

/** Options of {@link exportEncoder}. */
export interface ExportEncoderOptions extends LoadEncoderOptions {
  /** `onnx` (default), `tfjs`, or a format of weights that its modality has, such as `huggingface` and `safetensors-timm`. */
  format?: string | undefined;
  /** How an ONNX file keeps weights: `fp32` (default), `fp16`, or `int8`. Refused where the features change by more than a cosine of 0.99. */
  precision?: OnnxPrecision | undefined;
  /** Whether preprocessing, such as the normalization of pixels, is a part of the network; default true. Formats of weights have it in their config. */
  preprocessing?: boolean | undefined;
  /** A classifier that goes along: one that was kept, as the bytes of its `classifier.safetensors`, or one of your own; its probabilities are the output `probabilities`. Default none. */
  classifier?: Uint8Array | LinearHead | undefined;
  /** What the run came to, for the model card; default the card says that nothing was measured. */
  result?: RunResult | undefined;
}

/** The formats in which an encoder can be written, by name. */
export function exportFormats({ modality, encoder }: Pick<LoadedEncoder, 'modality' | 'encoder'>): readonly string[] {
  const weights = Object.entries(modality.exports ?? {}).flatMap(([name, { encoders }]) => (encoders.includes(encoder.name) ? [name] : []));
  return [...(modality.portable ? GRAPH_FORMATS : []), ...weights];
}

/** A kept classifier as what is written. */
function headOf({ description, head }: ClassifierParts): LinearHead {
  const [kernel, bias, mean, scale] = [head.kernel, head.bias, head.mean, head.deviation].map((values) => Float32Array.from(values));
  return { kernel: kernel!, bias: bias!, mean: mean!, scale: scale!, classes: description.classes, temperature: description.temperature };
}

/** An encoder as a kept classifier reads it, with the weights that it was tuned to. */
async function withClassifier(encoder: LoadedEncoder, parts: ClassifierParts): Promise<LoadedEncoder> {
  (await classifierOn(encoder, parts)).dispose(); // refuses one that was made with another encoder
  const { description, encoder: weights } = parts;
  if (description.kind === 'linear-probe') return encoder;
  loadWeights(encoder.module, weights!);
  return { ...encoder, features: fineTunedFeatures(encoder, encoder.module, description.options) };
}

/** The graph of a network, with its classifier. */
function traceNetwork(network: PortableNetwork, classifier: LinearHead | undefined): Promise<Graph> {
  const { inputs, outputs, bounds } = network;
  const at = outputs.indexOf('features');
  return trace(
    (given) => {
      const found = network.run(given);
      return classifier ? [...found, classify(found[at] as tf.Tensor2D, classifier)] : found;
    },
    { inputs, outputs: [...outputs, ...(classifier ? ['probabilities'] : [])], ...(bounds && { bounds }) },
  );
}

/**
 * Writes an encoder for another runtime or library: as ONNX, as a graph model of TensorFlow.js, or its weights under the names that others use. A backend must be in force.
 *
 * @param bytes `encoder.safetensors` or `checkpoint.safetensors` of a run, or what `importEncoder` made
 * @param options see {@link ExportEncoderOptions}
 * @returns the files by name, with `/` between folders; `README.md` is a model card
 * @throws SelfsupError `SELFSUP_OPTION` on a format that the encoder cannot be written in, or a precision that loses too much; `SELFSUP_CHECKPOINT` when the file is damaged
 * @remarks ONNX: opset 17, any batch, texts of any length up to that of the run; images as `[batch, channels, height, width]`. The model lies in `onnx/`, beside
 * the config and the preprocessing or the tokenizer, where transformers.js looks for it. The features are those of the readout, of `embed`.
 */
export async function exportEncoder(bytes: Uint8Array, options: ExportEncoderOptions = {}): Promise<Readonly<Record<string, Uint8Array>>> {
  const { precision = 'fp32', preprocessing = true, result } = options;
  const kept = options.classifier instanceof Uint8Array ? await decodeClassifier(options.classifier) : undefined;
  const { name: readout, options: readoutOptions } = kept?.description.readout ?? {
    name: options.readout,
    options: options.readoutOptions,
  };
  const loaded = await loadEncoder(bytes, {
    ...options,
    ...(readout !== undefined && { readout }),
    ...(readoutOptions && { readoutOptions }),
  });
  try {
    const encoder = kept ? await withClassifier(loaded, kept) : loaded;
    const classifier = kept ? headOf(kept) : (options.classifier as LinearHead | undefined);
    const { modality } = encoder;
    const formats = exportFormats(encoder);
    const { format = formats[0] } = options;
    if (format === undefined)
      throw new SelfsupError('SELFSUP_OPTION', `encoders of ${modality.title} cannot be exported; use them by loadEncoder`);
    if (!formats.includes(format))
      throw new SelfsupError(
        'SELFSUP_OPTION',
        `the encoder ${printable(encoder.encoder.name)} cannot be exported as '${printable(format)}'${suggest(format, formats, (name) => name) || `; it can be as ${formats.join(', ')}`}`,
      );
    if (precision !== 'fp32' && format !== 'onnx')
      throw new SelfsupError('SELFSUP_OPTION', `\`precision\` ${precision} is for the format onnx, got the format ${format}`);
    const card = (extra: Pick<Parameters<typeof modelCard>[0], 'preprocessing' | 'outputs'>) =>
      new TextEncoder().encode(modelCard({ encoder, format, precision, classifier, result, ...extra }));
    if (!(GRAPH_FORMATS as readonly string[]).includes(format)) {
      if (classifier)
        throw new SelfsupError('SELFSUP_OPTION', `a classifier goes along in the formats ${GRAPH_FORMATS.join(' and ')}, not in ${format}`);
      const files = await modality.exports![format]!.write({ ...encoder, checkpoint: bytes });
      return { ...files, 'README.md': card({ preprocessing: [], outputs: [] }) };
    }
    const network = await modality.portable!({ encoder, bytes, preprocessing });
    try {
      if (precision !== 'fp32') await assertPrecise(encoder, network, precision);
      const graph = await traceNetwork(network, classifier);
      const facts = {
        description: `${encoder.encoder.name}, ${encoder.origin}`,
        metadata: {
          ...{
            encoder: encoder.encoder.name,
            origin: encoder.origin,
            readout: options.readout ?? encoder.settings.readout,
            selfsup: 'https://www.npmjs.com/package/selfsup',
          },
          ...(classifier && { classes: JSON.stringify(classifier.classes) }),
        },
      };
      const outputs = graph.outputs.map(({ name, value }) => ({ name, shape: graph.values.get(value)!.shape }));
      const made =
        format === 'onnx' ? { [`onnx/${onnxName(precision)}`]: writeOnnx(graph, { ...facts, precision }) } : writeGraphModel(graph, facts);
      return { ...made, ...network.files, 'README.md': card({ preprocessing: network.preprocessing, outputs }) };
    } finally {
      network.dispose();
    }
  } finally {
    loaded.dispose();
  }
}

/** The names that transformers.js looks for. */
const onnxName = (precision: OnnxPrecision): string =>
  ({ fp32: 'model.onnx', fp16: 'model_fp16.onnx', int8: 'model_int8.onnx' })[precision];
