import { countOf } from '@selfsup/core';
import type { Dim, OnnxPrecision } from '@selfsup/export';
import type { LoadedEncoder } from '../load-encoder.ts';
import type { RunResult } from '../run-result.ts';
import type { LinearHead } from './linear-head.ts';

/** What a model card is written from. */
export interface ModelCardContext {
  readonly encoder: LoadedEncoder;
  readonly format: string;
  readonly precision: OnnxPrecision;
  readonly classifier: LinearHead | undefined;
  readonly result: RunResult | undefined;
  /** Sentences on how an input is made; none for formats that have it in their config. */
  readonly preprocessing: readonly string[];
  readonly outputs: readonly { readonly name: string; readonly shape: readonly Dim[] }[];
}

const sideOf = (dim: Dim): string =>
  typeof dim === 'number' ? String(dim) : [...(dim.times === 1 ? [] : [dim.times]), ...dim.symbols].join('·');

/** How each format is opened, in the language of those who open it. */
const uses: Readonly<Record<string, (context: ModelCardContext) => readonly string[]>> = {
  onnx: ({ encoder: { modality, input }, precision, outputs }) => {
    const names = outputs.map((output) => output.name).join(', ');
    const name = { fp32: 'model.onnx', fp16: 'model_fp16.onnx', int8: 'model_int8.onnx' }[precision];
    if (modality.name === 'text')
      return [
        '```js',
        "import { AutoModel, AutoTokenizer } from '@huggingface/transformers';",
        "const tokenizer = await AutoTokenizer.from_pretrained('this-folder', { local_files_only: true });",
        "const model = await AutoModel.from_pretrained('this-folder', { local_files_only: true, dtype: '" + precision + "' });",
        `const { ${names} } = await model(await tokenizer(['a text', 'another'], { padding: true }));`,
        '```',
      ];
    const { size, height = size, width = size, channels } = input as { size: number; height?: number; width?: number; channels: number };
    return [
      '```python',
      'import numpy, onnxruntime',
      `session = onnxruntime.InferenceSession('onnx/${name}')`,
      `images = numpy.zeros((1, ${channels}, ${height}, ${width}), dtype=numpy.float32)  # values in [0, 1]`,
      `${names} = session.run([${outputs.map((output) => `'${output.name}'`).join(', ')}], {'pixel_values': images})${outputs.length === 1 ? '[0]' : ''}`,
      '```',
      ...(channels === 3
        ? [
            '',
            '```js',
            "import { AutoModel, AutoProcessor, RawImage } from '@huggingface/transformers';",
            "const processor = await AutoProcessor.from_pretrained('this-folder', { local_files_only: true });",
            `const model = await AutoModel.from_pretrained('this-folder', { local_files_only: true, dtype: '${precision}' });`,
            `const { ${names} } = await model(await processor(await RawImage.read('photo.jpg')));`,
            '```',
          ]
        : []),
    ];
  },
  tfjs: ({ encoder: { modality, input }, outputs }) => {
    const given = modality.name === 'text' ? '{ input_ids, attention_mask, token_type_ids }' : '{ pixel_values }';
    const names = outputs.map((output) => output.name);
    const call = `const ${names.length === 1 ? names[0]! : `[${names.join(', ')}]`} = model.execute(${given}, ${names.length === 1 ? `'${names[0]!}'` : `[${names.map((name) => `'${name}'`).join(', ')}]`});`;
    const { size, height = size, width = size, channels } = input as { size: number; height?: number; width?: number; channels: number };
    return [
      '```js',
      "import { loadGraphModel } from '@tensorflow/tfjs-converter';",
      "const model = await loadGraphModel('https://example.com/this-folder/model.json');",
      modality.name === 'text' ? call : `${call} // pixel_values: float32 [n, ${height}, ${width}, ${channels}] in [0, 1]`,
      '```',
    ];
  },
  huggingface: () => ['```python', 'from transformers import AutoModel', "model = AutoModel.from_pretrained('this-folder')", '```'],
  'safetensors-timm': () => [
    '```python',
    'import json, timm',
    'from safetensors.torch import load_file',
    "config = json.load(open('config.json'))",
    "model = timm.create_model(config['architecture'], num_classes=0, **config['model_args'])",
    "model.load_state_dict(load_file('model.safetensors'), strict=True)",
    '```',
  ],
};

/** The kNN and other probes of a run, in a table. */
function measures({ probes, trainSamples, testSamples, dataset }: RunResult): string[] {
  const rows = Object.entries(probes).flatMap(([probe, { trained, baselines }]) =>
    Object.entries(trained).map(([name, value]) => {
      const beside = Object.entries(baselines).map(([of, number]) => `${of} ${Number(number.toFixed(3))}`);
      return `| ${probe}: ${name} | ${Number(value.toFixed(3))} | ${beside.join(', ')} |`;
    }),
  );
  const judges = testSamples > 0 ? `, judged by ${testSamples.toLocaleString('en-US')}` : '; none were held out to judge it by';
  const counts = `Trained on ${trainSamples.toLocaleString('en-US')} samples of ${dataset}${judges}.`;
  return [counts, ...(rows.length > 0 ? ['', '| measure | this encoder | beside it |', '|---|---|---|', ...rows] : [])];
}

/**
 * The model card of an export: what it is, what it learned from, how good it is, what it takes, how it is used.
 *
 * @returns Markdown
 */
export function modelCard(context: ModelCardContext): string {
  const { encoder, format, precision, classifier, result, preprocessing, outputs } = context;
  const { run, source } = encoder;
  const use = uses[format]?.(context);
  const about = run
    ? `An encoder of ${encoder.modality.title}, \`${encoder.encoder.name}\`, pretrained by [selfsup](https://www.npmjs.com/package/selfsup): task \`${run.settings.task}\`, ${encoder.step.toLocaleString('en-US')} updates on ${run.dataset.name}.`
    : `An encoder of ${encoder.modality.title}, \`${encoder.encoder.name}\`, imported from ${source?.name ?? encoder.origin}${source ? ` (sha256 ${source.sha256})` : ''}.`;
  const lines = [
    '---',
    'library_name: selfsup',
    'license: other # fill in the license of your model',
    '---',
    '',
    `# ${encoder.encoder.name}, ${encoder.origin}`,
    '',
    about,
    ...(classifier ? ['', `With a classifier of ${countOf(classifier.classes.length, 'classes')}: ${classifier.classes.join(', ')}.`] : []),
    '',
    '## Measured',
    '',
    ...(result ? measures(result) : ['Nothing was measured in this export.']),
    ...(preprocessing.length > 0 ? ['', '## Input', '', ...preprocessing] : []),
    ...(outputs.length > 0
      ? [
          '',
          '## Outputs',
          '',
          ...outputs.map(
            ({ name, shape }) =>
              `- \`${name}\` [${shape.map(sideOf).join(', ')}]${name === 'probabilities' ? ', of the classes in this order' : ''}`,
          ),
        ]
      : []),
    ...(use ? ['', '## Use', '', ...use] : []),
    '',
    `Format: ${format}${format === 'onnx' ? `, opset 17, ${precision}` : ''}.`,
    '',
  ];
  return lines.join('\n');
}
