import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isSelfsupError, SelfsupError } from '@selfsup/core';
import type { PretrainedBert } from '@selfsup/encoders';
import { fromHuggingFaceFiles } from '../../text/hugging-face/from-hugging-face-files.ts';

/**
 * Reads a folder that transformers or the export `huggingface` wrote.
 *
 * @param folder holds config.json and model.safetensors
 * @returns factories of networks with these weights
 * @throws SelfsupError `SELFSUP_CHECKPOINT`, naming the file, when one is missing, damaged, not that of a BERT like ours, or does not fit the other
 */
export async function readHuggingFace(folder: string): Promise<PretrainedBert> {
  const read = async (name: string) =>
    readFile(join(folder, name)).catch((error: unknown) => {
      throw new SelfsupError('SELFSUP_CHECKPOINT', `${folder} must hold config.json and model.safetensors; ${name} cannot be read`, {
        cause: error,
      });
    });
  const files = { 'config.json': await read('config.json'), 'model.safetensors': await read('model.safetensors') };
  try {
    return fromHuggingFaceFiles(files);
  } catch (error) {
    if (!isSelfsupError(error)) throw error;
    throw new SelfsupError(error.code, `${folder}: ${error.message}`, { cause: error });
  }
}
