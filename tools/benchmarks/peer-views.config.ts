import { colorJitter, compose, normalize, randomGrayscale, randomResizedCrop, views } from '@selfsup/augment';
import { defineRun } from 'selfsup';

/** The views of the peer program of docs/benchmarks-archive.md, for runs beside it: crops of a fifth or more, and colors without hue in one order. */
export default defineRun({
  views({ size, mean, std }) {
    const view = compose([
      randomResizedCrop({ size, scale: [0.2, 1], ratio: [3 / 4, 4 / 3], flipProbability: 0.5 }),
      colorJitter({ brightness: 0.4, contrast: 0.4, saturation: 0.4, probability: 0.8, order: ['brightness', 'contrast', 'saturation'] }),
      randomGrayscale({ probability: 0.2 }),
      normalize({ mean: [...mean], std: [...std] }),
    ]);
    return views([view, view]);
  },
});
