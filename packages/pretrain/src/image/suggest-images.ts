import { countOf } from '@selfsup/core';
import type { SuggestRequest, Suggestion } from '../modality.ts';
import type { GivenSettings } from '../settings.ts';
import { imageInputOf } from './image-input.ts';

/** From this side in pixels images are photos, of which places and local contrast say most. */
const PHOTO = 48;

/** Why each kind is seen as it is. */
const contrasts = {
  photos: 'seen as local contrast of gray, since places and local contrast say most about photos',
  small: 'seen as differences from their mean, which says more about small images than local contrast',
} as const;

/** The network, its start and its readout for photos, and for small images such as those of CIFAR-10. */
const recipes: Readonly<Record<'photos' | 'small', GivenSettings>> = {
  photos: {
    encoderOptions: { widths: [32, 64, 128, 256], kernelSizes: [5, 3, 3, 3], downsampling: 'pool', input: 'local-contrast' },
    readoutOptions: {
      levels: [
        { layer: 'layer2', grid: 8 },
        { layer: 'layer3', grid: 4 },
        { layer: 'layer4', grid: 3 },
      ],
    },
  },
  small: {
    encoderOptions: { widths: [64, 128, 256], kernelSizes: [5, 3, 3], downsampling: 'pool', input: 'global-contrast' },
    readoutOptions: {
      levels: [
        { layer: 'layer1', grid: 4 },
        { layer: 'layer2', grid: 4 },
        { layer: 'layer3', grid: 3 },
      ],
    },
  },
};

/**
 * What serves images where nobody says more: kernels from their patches, read by a pyramid, without training by gradients. What was tried on top of it on
 * photos and CIFAR-10 gained too little to be sure of.
 *
 * @param request the images
 * @returns see {@link Suggestion}
 * @see docs/guides/little-data.md for the numbers
 */
export function suggestImages({ data }: Pick<SuggestRequest, 'data'>): Suggestion {
  const { size } = imageInputOf(data.input);
  const kind = size >= PHOTO ? 'photos' : 'small';
  return {
    settings: {
      encoder: 'conv-net',
      start: 'patches',
      readout: 'pyramid',
      ...recipes[kind],
      epochs: 0,
      knnWhitening: true,
      knnK: 20,
      batchSize: Math.min(128, data.train.length),
    },
    reasons: [
      `conv-net for ${countOf(data.train.length, 'images')} of ${size} pixels: ${contrasts[kind]}`,
      {
        of: 'start',
        text: 'start patches: kernels from patches of the images take seconds, and told classes of photos apart better than random ones',
      },
      {
        of: 'readout',
        text: 'readout pyramid: what several layers see in several places told photos apart far better than the mean of the last layer',
      },
      { of: 'epochs', text: 'no training on top: nothing that was tried gained a point on photos and on CIFAR-10 alike' },
    ],
  };
}
