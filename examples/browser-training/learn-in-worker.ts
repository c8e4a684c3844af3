import type { SurveyedBackend } from '@selfsup/backends';
import type { Lesson, Message } from './learn.ts';

/** What the worker is told. */
export type Order = { readonly type: 'survey' | 'pause' | 'go on' | 'stop' } | { readonly type: 'learn'; readonly lesson: Lesson };

/** What the worker says. */
export type Answer =
  | Message
  | { readonly type: 'trying'; readonly name: string }
  | { readonly type: 'survey'; readonly found: readonly SurveyedBackend[] }
  | { readonly type: 'done' }
  | { readonly type: 'failed'; readonly message: string };

interface Work {
  /** When all is said. */
  readonly done: Promise<void>;
  readonly tell: (order: Order) => void;
  /** Ends it at once. */
  readonly end: () => void;
}

function work(order: Order, say: (answer: Answer) => void): Work {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
  const done = new Promise<void>((resolve, reject) => {
    worker.onerror = ({ message }) => {
      reject(new Error(message));
    };
    worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      if (data.type === 'failed') reject(new Error(data.message));
      else if (data.type === 'done') resolve();
      else say(data);
      if (data.type === 'survey') resolve();
    };
    worker.postMessage(order);
  }).finally(() => {
    worker.terminate();
  });
  return {
    done,
    tell: (next) => {
      worker.postMessage(next);
    },
    end: () => {
      worker.terminate();
    },
  };
}

/** Learning that goes on in a worker. */
export interface Course {
  readonly done: Promise<void>;
  readonly pause: () => void;
  readonly goOn: () => void;
  /** Stops after the update under way; what was learned is said before `done`. */
  readonly stop: () => void;
}

/** Like `learn`, in a worker: the page can be used meanwhile. */
export function learnInWorker(lesson: Lesson, say: (message: Message) => void): Course {
  const { done, tell } = work({ type: 'learn', lesson }, (answer) => {
    say(answer as Message);
  });
  return {
    done,
    pause: () => {
      tell({ type: 'pause' });
    },
    goOn: () => {
      tell({ type: 'go on' });
    },
    stop: () => {
      tell({ type: 'stop' });
    },
  };
}

/** Looks in a worker which backends work here; the function that it gives ends that. */
export function surveyInWorker(say: { trying: (name: string) => void; found: (found: readonly SurveyedBackend[]) => void }): () => void {
  const { done, end } = work({ type: 'survey' }, (answer) => {
    if (answer.type === 'trying') say.trying(answer.name);
    if (answer.type === 'survey') say.found(answer.found);
  });
  done.catch((error: unknown) => {
    console.error(error);
    say.found([]);
  });
  return end;
}
