// node node-consumers.mjs CONSUMER JOBS ANSWERS: is copied to the folder where the consumers are installed and runs there, see consumers.ts.
import { appendFileSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { numbersOf, runGraphModel, runSession } from './feed-models.mjs';

const [consumer, jobsFile, answersFile] = process.argv.slice(2);
const load = async (name) => {
  const loaded = await import(name);
  return loaded.default ?? loaded;
};

/** transformers.js, which may load nothing but the folder. */
async function loadTransformers() {
  const transformers = await load('@huggingface/transformers');
  transformers.env.allowRemoteModels = false;
  const options = { dtype: 'fp32', local_files_only: true };
  const locate = (folder) => {
    transformers.env.localModelPath = dirname(folder);
    return basename(folder);
  };
  return { ...transformers, options, locate };
}

/** The pictures of a case. */
function picturesOf(RawImage, { shape: [n, height, width, channels], data }) {
  const length = height * width * channels;
  const pixels = (i) => Uint8ClampedArray.from(data.slice(i * length, (i + 1) * length));
  return Array.from({ length: n }, (_, i) => new RawImage(pixels(i), width, height, channels));
}

const consumers = {
  async 'onnxruntime-node'() {
    const ort = await load('onnxruntime-node');
    return async ({ folder, file, cases }) => ({
      outputs: await runSession(ort, await ort.InferenceSession.create(join(folder, file)), cases),
    });
  },

  async 'transformers.js'() {
    const { AutoModel, AutoProcessor, options, locate, pipeline, RawImage } = await loadTransformers();
    const ofImages = async (name, cases) => {
      const [processor, model] = [await AutoProcessor.from_pretrained(name, options), await AutoModel.from_pretrained(name, options)];
      const outputs = [];
      for (const { pixels } of cases) {
        const results = await model(await processor(picturesOf(RawImage, pixels)));
        outputs.push(Object.fromEntries(Object.entries(results).map(([key, { dims, data }]) => [key, numbersOf(dims, data)])));
      }
      await model.dispose();
      return outputs;
    };
    const ofTexts = async (name, cases) => {
      const extract = await pipeline('feature-extraction', name, options);
      const outputs = [];
      for (const { texts } of cases) {
        const [states, mean] = [await extract(texts), await extract(texts, { pooling: 'mean' })];
        outputs.push({ last_hidden_state: numbersOf(states.dims, states.data), mean: numbersOf(mean.dims, mean.data) });
      }
      await extract.dispose();
      return outputs;
    };
    return async ({ folder, cases }) => ({ outputs: await (cases[0].pixels ? ofImages : ofTexts)(locate(folder), cases) });
  },

  async 'transformers.js fill-mask'() {
    const { locate, options, pipeline } = await loadTransformers();
    return async ({ folder, cases }) => {
      const fill = await pipeline('fill-mask', locate(folder), options);
      const special = new Set(fill.tokenizer.all_special_ids);
      const outputs = [];
      for (const { texts, expected } of cases) {
        const count = expected.guesses.data.length;
        const guesses = (await fill(texts[0], { top_k: count + special.size })).filter(({ token }) => !special.has(Number(token))).slice(0, count); // prettier-ignore
        const row = (values) => numbersOf([1, count], values);
        outputs.push({ guesses: row(guesses.map(({ token }) => token)), scores: row(guesses.map(({ score }) => score)) });
      }
      await fill.dispose();
      return { outputs };
    };
  },

  async 'tfjs in Node'() {
    const tf = await load('@tensorflow/tfjs');
    await tf.setBackend('cpu');
    return async ({ folder, file, cases }) => {
      const { weightsManifest, ...model } = JSON.parse(readFileSync(join(folder, file), 'utf8'));
      const bytes = Buffer.concat(weightsManifest.flatMap(({ paths }) => paths.map((path) => readFileSync(join(folder, dirname(file), path))))); // prettier-ignore
      const weightData = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
      const artifacts = { ...model, weightSpecs: weightsManifest.flatMap(({ weights }) => weights), weightData };
      return { outputs: await runGraphModel(tf, await tf.loadGraphModel({ load: () => Promise.resolve(artifacts) }), cases) };
    };
  },
};

const run = await consumers[consumer]();
for (const job of JSON.parse(readFileSync(jobsFile, 'utf8'))) {
  let answer;
  try {
    answer = { id: job.id, ...(await run(job)) };
  } catch (error) {
    answer = { id: job.id, error: `${error.message ?? error} (the folder holds ${readdirSync(job.folder).join(', ')})` };
  }
  appendFileSync(answersFile, `${JSON.stringify(answer)}\n`);
}
