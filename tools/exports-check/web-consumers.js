// What the page of web-page.ts runs in Chromium; libraries come from the folder where the consumers are installed.
import { runGraphModel, runSession } from '/feed-models.mjs';

const consumers = {
  async 'onnxruntime-web'({ address, cases }) {
    const ort = await import('/node_modules/onnxruntime-web/dist/ort.wasm.min.mjs');
    ort.env.wasm.numThreads = 1;
    return { outputs: await runSession(ort, await ort.InferenceSession.create(address), cases) };
  },

  async 'tfjs in Chromium'({ address, cases }) {
    const { tf } = globalThis;
    const isThere = await tf.setBackend('webgl').catch(() => false);
    if (!isThere) await tf.setBackend('cpu');
    return { outputs: await runGraphModel(tf, await tf.loadGraphModel(address), cases), notes: [`backend ${tf.getBackend()}`] };
  },
};

globalThis.answer = async (consumer, job) => {
  try {
    return { id: job.id, ...(await consumers[consumer](job)) };
  } catch (error) {
    return { id: job.id, error: String(error?.message ?? error) };
  }
};
