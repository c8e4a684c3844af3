import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isSelfsupError, SelfsupError } from '@selfsup/core';
import { fromHuggingFaceBert, type PretrainedBert } from '@selfsup/encoders';
import { decodeSafetensors } from '@selfsup/safetensors';

/**
 * Reads a folder that transformers or {@link exportHuggingFace} wrote.
 *
 * @param folder holds config.json and model.safetensors
 * @returns factories of networks with these weights
 * @throws SelfsupError `SELFSUP_CHECKPOINT`, naming the file, when one is missing, damaged, not that of a BERT like ours, or does not fit the other
 */
export async function readHuggingFace(folder: string): Promise<PretrainedBert> {
  const [configFile, weightsFile] = [join(folder, 'config.json'), join(folder, 'model.safetensors')];
  for (const file of [configFile, weightsFile])
    if (!existsSync(file))
      throw new SelfsupError('SELFSUP_CHECKPOINT', `${folder} must hold config.json and model.safetensors, but there is no ${file}`);
  let config: unknown;
  try {
    config = JSON.parse(await readFile(configFile, 'utf8'));
  } catch (error) {
    throw new SelfsupError('SELFSUP_CHECKPOINT', `${configFile} is no JSON`, { cause: error });
  }
  try {
    return fromHuggingFaceBert({ config, tensors: decodeSafetensors(await readFile(weightsFile)).tensors });
  } catch (error) {
    if (!isSelfsupError(error)) throw error;
    throw new SelfsupError(error.code, `${folder}: ${error.message}`, { cause: error });
  }
}
