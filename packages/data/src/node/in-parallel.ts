const IN_FLIGHT = 32;

/** Runs `work(0)` … `work(count − 1)` with several under way at once, 32 unless told otherwise. */
export async function inParallel(count: number, work: (i: number) => Promise<void>, atOnce: number = IN_FLIGHT): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, worker));
}
