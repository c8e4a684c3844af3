import { createStartOf, openSamplesFor, type LoadedEncoder, type Registry } from '@selfsup/pretrain';
import { isSelfsupError, printable } from '@selfsup/core';
import type { Output } from '../output/output.ts';

/**
 * The network that a run computed from its data before it trained, to be compared with.
 *
 * @param encoder of the run
 * @param options the registry, and where to report: a run whose data is not there any more goes without
 * @returns the network and what gives its features; dispose `encoder`. Undefined where there is none
 */
export async function openStart(
  encoder: LoadedEncoder,
  { registry, output, signal }: { registry: Registry; output: Output; signal?: AbortSignal },
): ReturnType<typeof createStartOf> {
  const { run, step } = encoder;
  if (!run || run.init || run.settings.start === 'random' || step === 0) return undefined;
  const own = await openSamplesFor(encoder).catch((error: unknown) => {
    if (!isSelfsupError(error)) throw error;
    output.warn(`the start alone is not compared, because the data of the run cannot be opened: ${printable(error.message)}`);
    return undefined;
  });
  return own && createStartOf(encoder, own.train, { registry, progress: output, signal });
}
