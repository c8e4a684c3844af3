import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { selectBackend } from '@selfsup/backends';
import { SelfsupError } from '@selfsup/core';
import { readCheckpoint } from '@selfsup/trainer';
import { exportHuggingFace } from '../hugging-face/export-hugging-face.ts';
import { openBertCheckpoint } from '../hugging-face/open-bert-checkpoint.ts';
import { tokenizerConfig } from '../hugging-face/tokenizer-config.ts';
import type { Output } from '../output/output.ts';
import { runFolder } from '../run-folder.ts';
import { readTextRunFile } from '../text/text-run-file.ts';

/** The flags of `selfsup export`. */
export interface ExportFlags {
  run: string;
  out: string;
}

/** What a tokenizer may consist of. */
const TOKENIZER_FILES = ['vocab.txt', 'tokenizer.json'];

/**
 * `selfsup export`: writes the BERT of a run, its heads and its tokenizer as a folder for transformers.
 *
 * @param flags see {@link ExportFlags}
 * @param output where to report
 * @returns the exit code
 */
export async function runExport(flags: ExportFlags, output: Output): Promise<number> {
  const { settings } = readTextRunFile(flags.run);
  const folder = runFolder(flags.run);
  if (!existsSync(folder.checkpoint))
    throw new SelfsupError(
      'SELFSUP_CHECKPOINT',
      `${flags.run} has no checkpoint yet; go on with: selfsup train --resume --out ${flags.run}`,
    );
  await selectBackend({ prefer: 'cpu' }); // nothing is computed
  const networks = await openBertCheckpoint(await readCheckpoint(folder.checkpoint), settings.encoderOptions);
  try {
    const { backbone, head, nextSentenceHead, step } = networks;
    const tokenizerFiles = TOKENIZER_FILES.map((name) => join(flags.run, name)).filter((file) => existsSync(file));
    const json = join(flags.run, 'tokenizer.json');
    const described = existsSync(json) && (await tokenizerConfig(await readFile(json, 'utf8'), { maxLength: settings.length }));
    const files = await exportHuggingFace({
      backbone,
      ...(head ? { head } : {}),
      ...(nextSentenceHead ? { nextSentenceHead } : {}),
      tokenizerFiles,
      // a run has neither of its own
      ...(described && { jsonFiles: { 'tokenizer_config.json': described.config, 'special_tokens_map.json': described.special } }),
      out: flags.out,
    });
    if (tokenizerFiles.length === 0)
      output.warn(`${flags.run} holds no tokenizer files; copy vocab.txt or tokenizer.json into ${flags.out}`);
    output.line(`Wrote ${files.join(', ')} to ${flags.out} (step ${step})`);
    output.event('result', { command: 'export', run: folder.path, out: flags.out, files, step });
    return 0;
  } finally {
    networks.dispose();
  }
}
