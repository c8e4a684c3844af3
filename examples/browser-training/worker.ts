// The worker: looks what computes here, or learns, as it is told, and posts what happens. The page stays free meanwhile.
import { surveyBackends } from '@selfsup/backends';
import { learn } from './learn.ts';
import type { Answer, Order } from './learn-in-worker.ts';
import './wasm-files.ts';

const post = (answer: Answer) => {
  postMessage(answer);
};
const stopping = new AbortController();
let goOn: (() => void) | undefined;
let paused = Promise.resolve();
let heard = 0;

/** Lets orders come in now and then, and waits while learning is paused. */
async function listen(): Promise<void> {
  if (performance.now() - heard > 30) await new Promise((resolve) => setTimeout(resolve));
  heard = performance.now();
  await paused;
}

async function follow(order: Order): Promise<void> {
  if (order.type === 'survey') {
    const onBackend = (name: string) => {
      post({ type: 'trying', name });
    };
    const found = await surveyBackends({ seconds: 0.3, onBackend });
    post({ type: 'survey', found });
  } else if (order.type === 'learn') {
    const say = (message: Answer) => {
      post(message);
      return listen();
    };
    await learn(order.lesson, say, { signal: stopping.signal });
    post({ type: 'done' });
  } else if (order.type === 'pause') paused = new Promise((resolve) => (goOn = resolve));
  else {
    if (order.type === 'stop') stopping.abort();
    goOn?.();
  }
}

addEventListener('message', ({ data }: MessageEvent<Order>) => {
  follow(data).catch((error: unknown) => {
    post({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
  });
});
