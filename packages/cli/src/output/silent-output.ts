import { silentProgress } from '@selfsup/pretrain';
import type { Output } from './output.ts';

/** An output that says nothing: of the ranks that another one speaks for. */
export const silentOutput: Output = { ...silentProgress, json: false, event: () => undefined };
