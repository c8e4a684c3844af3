import { encoderHash } from './classifier/encoder-hash.ts';
import type { LoadedEncoder } from './load-encoder.ts';
import { sha256 } from './sha256.ts';

/** The sha256 of what decides the features that an encoder gives: weights and readout. */
export async function identityOfFeatures({ module, encoder, readout, input }: LoadedEncoder): Promise<string> {
  return sha256(new TextEncoder().encode(JSON.stringify([await encoderHash(module), encoder.name, readout, input])));
}
