// The page of check.ts: trains and posts what came of it.
import { trainBriefly } from './train-briefly.ts';

const answer = await trainBriefly({ wasmPath: '/tfjs/' }).catch((error: unknown) => ({ error: String(error) }));
await fetch('/answer', { method: 'POST', body: JSON.stringify({ isolated: crossOriginIsolated, ...answer }) });
