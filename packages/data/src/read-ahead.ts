/**
 * Yields `read(0)`, `read(1)`, … in order, keeping up to `ahead` results ready while the consumer works; one read runs at a time.
 * A failed read fails the iteration at its place and stops the reading. Leaving early waits for the read that is under way and starts no other.
 */
export async function* readAhead<T>(count: number, read: (i: number) => Promise<T>, ahead: number): AsyncGenerator<T, void, undefined> {
  const stopped = new AbortController();
  const pending: Promise<T>[] = [];
  let tail: Promise<unknown> = Promise.resolve();
  let started = 0;
  const start = () => {
    const i = started++;
    const result = tail.then(() => {
      stopped.signal.throwIfAborted();
      return read(i);
    });
    tail = result.catch(() => {
      stopped.abort(); // nothing after a failure is read
    });
    pending.push(result);
  };
  try {
    for (let i = 0; i < count; i++) {
      while (started < count && started <= i + ahead) start();
      yield await pending.shift()!;
    }
  } finally {
    stopped.abort();
    await tail;
  }
}
