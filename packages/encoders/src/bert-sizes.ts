import { bertFactory, type BertFactory, type BertOptions } from './bert.ts';

/**
 * BERT-Tiny: 2 blocks, width 128, 2 heads; 4,369,408 trainable parameters with the published vocabulary.
 *
 * @param options see {@link BertOptions}
 * @returns a factory of encoders like {@link bert}'s
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range
 * @see Turc et al.: "Well-Read Students Learn Better", table 1, https://arxiv.org/abs/1908.08962
 */
export function bertTiny(options: BertOptions = {}): BertFactory {
  return bertFactory('bertTiny', { ...options, numLayers: 2, width: 128, numHeads: 2 });
}

/**
 * BERT-Mini: 4 blocks, width 256, 4 heads; 11,104,768 trainable parameters with the published vocabulary.
 *
 * @param options see {@link BertOptions}
 * @returns a factory of encoders like {@link bert}'s
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range
 * @see Turc et al.: "Well-Read Students Learn Better", table 1, https://arxiv.org/abs/1908.08962
 */
export function bertMini(options: BertOptions = {}): BertFactory {
  return bertFactory('bertMini', { ...options, numLayers: 4, width: 256, numHeads: 4 });
}

/**
 * BERT-Small: 4 blocks, width 512, 8 heads; 28,500,992 trainable parameters with the published vocabulary.
 *
 * @param options see {@link BertOptions}
 * @returns a factory of encoders like {@link bert}'s
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range
 * @see Turc et al.: "Well-Read Students Learn Better", table 1, https://arxiv.org/abs/1908.08962
 */
export function bertSmall(options: BertOptions = {}): BertFactory {
  return bertFactory('bertSmall', { ...options, numLayers: 4, width: 512, numHeads: 8 });
}

/**
 * BERT-Medium: 8 blocks, width 512, 8 heads; 41,110,528 trainable parameters with the published vocabulary.
 *
 * @param options see {@link BertOptions}
 * @returns a factory of encoders like {@link bert}'s
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range
 * @see Turc et al.: "Well-Read Students Learn Better", table 1, https://arxiv.org/abs/1908.08962
 */
export function bertMedium(options: BertOptions = {}): BertFactory {
  return bertFactory('bertMedium', { ...options, numLayers: 8, width: 512, numHeads: 8 });
}

/**
 * BERT-Base: 12 blocks, width 768, 12 heads; 108,891,648 trainable parameters with the published vocabulary.
 *
 * @param options see {@link BertOptions}
 * @returns a factory of encoders like {@link bert}'s
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range
 * @see Devlin et al.: "BERT", section 3, https://arxiv.org/abs/1810.04805
 */
export function bertBase(options: BertOptions = {}): BertFactory {
  return bertFactory('bertBase', { ...options, numLayers: 12, width: 768, numHeads: 12 });
}
