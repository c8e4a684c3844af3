import { TOKENIZER_FILE } from '../run-tokenizer.ts';
import { tokenizerConfig } from './tokenizer-config.ts';

const json = (content: unknown): Uint8Array => new TextEncoder().encode(`${JSON.stringify(content, null, 2)}\n`);

/** A tokenizer as transformers and transformers.js find it: tokenizer.json, tokenizer_config.json and special_tokens_map.json. Internal. */
export async function tokenizerFiles(tokenizer: string, options: { maxLength: number }): Promise<Record<string, Uint8Array>> {
  const { config, special } = await tokenizerConfig(tokenizer, options);
  return {
    [TOKENIZER_FILE]: json(JSON.parse(tokenizer)),
    'tokenizer_config.json': json(config),
    'special_tokens_map.json': json(special),
  };
}
