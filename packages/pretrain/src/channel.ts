/** A queue from work that goes on to a consumer that iterates: the work waits until its event was taken. */
export interface Channel<T> {
  /** Hands an event over; resolves once the consumer asks for more. */
  emit(event: T): Promise<void>;
  /** Hands an event over without waiting. */
  post(event: T): void;
  readonly events: AsyncIterableIterator<T>;
}

/**
 * Runs work whose events are iterated over; leaving the loop early aborts the signal, and waits until the work has ended.
 *
 * @param work what is done; it must heed the signal
 * @returns the events, in order; what the work throws is thrown to the consumer
 */
export function iterateEvents<T>(
  work: (emit: Channel<T>['emit'], post: Channel<T>['post'], signal: AbortSignal) => Promise<void>,
): AsyncIterableIterator<T> {
  const queue: T[] = [];
  const controller = new AbortController();
  let wakeConsumer: (() => void) | undefined;
  let waiting: (() => void)[] = [];
  let finished: Promise<void> | undefined;
  let outcome: { error?: unknown } | undefined;
  const wake = () => {
    wakeConsumer?.();
    wakeConsumer = undefined;
  };
  const release = () => {
    for (const resolve of waiting.splice(0)) resolve();
  };
  const post = (event: T) => {
    if (controller.signal.aborted) return;
    queue.push(event);
    wake();
  };
  const emit = (event: T) => {
    post(event);
    if (controller.signal.aborted) return Promise.resolve();
    return new Promise<void>((resolve) => waiting.push(resolve));
  };
  const begin = () => {
    finished ??= work(emit, post, controller.signal).then(
      () => {
        outcome = {};
        wake();
      },
      (error: unknown) => {
        outcome = { error };
        wake();
      },
    );
  };
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      begin();
      for (;;) {
        if (queue.length > 0) return { done: false, value: queue.shift()! };
        release();
        if (outcome) {
          waiting = [];
          if ('error' in outcome) {
            const { error } = outcome;
            outcome = {};
            throw error;
          }
          return { done: true, value: undefined };
        }
        await new Promise<void>((resolve) => (wakeConsumer = resolve));
      }
    },
    async return() {
      controller.abort();
      queue.length = 0;
      release();
      await finished;
      return { done: true, value: undefined };
    },
  };
}
