import { vitFactory, type VitFactory, type VitOptions } from './vit.ts';

/**
 * ViT-Tiny: 12 blocks, width 192, 3 heads; 5,486,592 trainable parameters with patches of 16 and fixed positions.
 *
 * @param options see {@link VitOptions}
 * @returns a factory of encoders like {@link vit}'s
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range
 * @see Touvron et al.: "Training data-efficient image transformers", table 1, https://arxiv.org/abs/2012.12877
 */
export function vitTiny(options: VitOptions = {}): VitFactory {
  return vitFactory('vitTiny', { ...options, numLayers: 12, width: 192, numHeads: 3 });
}

/**
 * ViT-Small: 12 blocks, width 384, 6 heads; 21,590,016 trainable parameters with patches of 16 and fixed positions.
 *
 * @param options see {@link VitOptions}
 * @returns a factory of encoders like {@link vit}'s
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range
 * @see Touvron et al.: "Training data-efficient image transformers", table 1, https://arxiv.org/abs/2012.12877
 */
export function vitSmall(options: VitOptions = {}): VitFactory {
  return vitFactory('vitSmall', { ...options, numLayers: 12, width: 384, numHeads: 6 });
}

/**
 * ViT-Base: 12 blocks, width 768, 12 heads; 85,647,360 trainable parameters with patches of 16 and fixed positions.
 *
 * @param options see {@link VitOptions}
 * @returns a factory of encoders like {@link vit}'s
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range
 * @see Dosovitskiy et al.: "An Image is Worth 16x16 Words", table 1, https://arxiv.org/abs/2010.11929
 */
export function vitBase(options: VitOptions = {}): VitFactory {
  return vitFactory('vitBase', { ...options, numLayers: 12, width: 768, numHeads: 12 });
}
