import { loadTokenizer, type SpecialTokens } from '@selfsup/data/text';

const NAMES: Readonly<Record<keyof SpecialTokens, string>> = {
  unknown: 'unk_token',
  separator: 'sep_token',
  pad: 'pad_token',
  classify: 'cls_token',
  mask: 'mask_token',
};

/**
 * What transformers and transformers.js want beside tokenizer.json: the class, the special tokens by their roles, and where to cut.
 *
 * @param json the content of tokenizer.json
 * @param options `maxLength`: the longest sequence that was trained
 * @returns the contents of tokenizer_config.json and special_tokens_map.json
 */
export async function tokenizerConfig(json: string, options: { maxLength: number }) {
  const tokenizer = await loadTokenizer(json);
  const roles = Object.entries(NAMES) as [keyof SpecialTokens, string][];
  const special = Object.fromEntries(
    roles.flatMap(([role, name]) => {
      const id = tokenizer.special[role];
      return id === undefined ? [] : [[name, tokenizer.tokenOf(id)!]];
    }),
  );
  const isBert = tokenizer.kind === 'word-piece';
  const { normalizer } = JSON.parse(json) as { normalizer?: { lowercase?: boolean } | null };
  return {
    config: {
      tokenizer_class: isBert ? 'BertTokenizer' : 'PreTrainedTokenizerFast',
      model_max_length: options.maxLength,
      ...(isBert && { do_lower_case: normalizer?.lowercase ?? false }),
      ...special,
    },
    special,
  };
}
