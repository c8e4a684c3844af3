// One rank of the check on two hosts: how long a mean over ranks of a ResNet-18's gradients takes, with each compression. Rank 0 prints a line of JSON.
import { createCollective, mpiTransport } from '@selfsup/distributed';

const [SIZE, TIMES] = [11_250_000, 5]; // 45 MB
const transport = await mpiTransport({ timeoutSeconds: 120 });
const found: Record<string, number> = {};
for (const compression of ['none', 'bf16', 'fp16'] as const) {
  const collective = createCollective(transport, { compression });
  const values = new Float32Array(SIZE).fill(transport.rank);
  const times: number[] = [];
  for (let i = 0; i <= TIMES; i++) {
    await collective.barrier();
    const start = performance.now();
    await collective.allReduceMean(values);
    if (i > 0) times.push(performance.now() - start);
  }
  found[compression] = Math.round(times.sort((a, b) => a - b)[TIMES >> 1]!);
}
if (transport.rank === 0) console.log(JSON.stringify(found));
await transport.close();
