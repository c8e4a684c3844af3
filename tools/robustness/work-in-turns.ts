/**
 * Does work on a few workers.
 *
 * @param count pieces of work
 * @param workers how many go on at a time
 * @param work gets the number of the piece
 */
export async function workInTurns(count: number, workers: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: workers }, worker));
}
