import type { Message, Lesson } from './learn.ts';

/** Like `learn`, in a worker: the page can be used meanwhile. */
export function learnInWorker(lesson: Lesson, say: (message: Message) => void): Promise<void> {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
  return new Promise<void>((resolve, reject) => {
    worker.onerror = ({ message }) => {
      reject(new Error(message));
    };
    worker.onmessage = ({ data }: MessageEvent<Message | { type: 'failed'; message: string }>) => {
      if (data.type === 'failed') {
        reject(new Error(data.message));
        return;
      }
      say(data);
      if (data.type === 'features') resolve();
    };
    worker.postMessage(lesson);
  }).finally(() => {
    worker.terminate();
  });
}
