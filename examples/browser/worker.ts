// The worker: learns from what is posted to it and posts what `learn` says. The page stays free meanwhile.
import { learn, type Message, type Lesson } from './learn.ts';
import './wasm-files.ts';

const post = (message: Message | { type: 'failed'; message: string }) => {
  postMessage(message);
};
addEventListener('message', ({ data }: MessageEvent<Lesson>) => {
  learn(data, post).catch((error: unknown) => {
    post({ type: 'failed', message: String(error) });
  });
});
