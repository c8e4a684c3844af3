import { SelfsupError } from '@selfsup/core';
import { fromHuggingFaceBert, type PretrainedBert } from '@selfsup/encoders';
import { decodeSafetensors } from '@selfsup/safetensors';

/**
 * Reads what transformers or the export `huggingface` wrote.
 *
 * @param files by name the bytes of config.json and model.safetensors; others are ignored
 * @returns factories of networks with these weights
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when one is missing, damaged, not that of a BERT like ours, or does not fit the other
 * @example
 * ```ts
 * const bytesOf = async (name: string) => new Uint8Array(await (await fetch(`model/${name}`)).arrayBuffer());
 * const { backbone } = fromHuggingFaceFiles({
 *   'config.json': await bytesOf('config.json'),
 *   'model.safetensors': await bytesOf('model.safetensors'),
 * });
 * ```
 */
export function fromHuggingFaceFiles(files: Readonly<Record<string, Uint8Array>>): PretrainedBert {
  const bytesOf = (name: string): Uint8Array => {
    const bytes = files[name];
    if (bytes) return bytes;
    throw new SelfsupError('SELFSUP_CHECKPOINT', `the files must hold config.json and model.safetensors, but there is no ${name}`);
  };
  const [configBytes, weights] = [bytesOf('config.json'), bytesOf('model.safetensors')];
  let config: unknown;
  try {
    config = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(configBytes));
  } catch (error) {
    throw new SelfsupError('SELFSUP_CHECKPOINT', 'config.json is not valid JSON', { cause: error });
  }
  return fromHuggingFaceBert({ config, tensors: decodeSafetensors(weights).tensors });
}
