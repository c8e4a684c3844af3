/**
 * Images per second of two SimCLR views each, on the wasm backend with the training kernels.
 *
 * From the repository's root, after `npm -w packages/wasm-kernels run build:assets`:
 * node --conditions=@selfsup/source packages/augment/bench/simclr-views.ts [--stock] [--detail]
 * (--stock: without the training kernels; --detail: each augmentation on its own)
 */
import { createRng } from '@selfsup/core';
import { registerTrainingKernels } from '@selfsup/wasm-kernels';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import {
  colorJitter,
  gaussianBlur,
  normalize,
  randomGrayscale,
  randomHorizontalFlip,
  randomResizedCrop,
  recipes,
  simclrViews,
  type Augmentation,
} from '../src/index.ts';

tf.enableProdMode();
await tf.setBackend('wasm');
if (!process.argv.includes('--stock')) await registerTrainingKernels();

const statistics = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const rounds = 12;

/** Median wall time, fastest wall time and mean processor time of some rounds, in ms; the last one is steadier on a busy machine. */
function time(run: (round: number) => tf.Tensor[]): { median: number; fastest: number; cpu: number } {
  tf.dispose([run(0), run(1)]); // warm up
  const before = process.cpuUsage();
  const times = Array.from({ length: rounds }, (_, round) => {
    const start = performance.now();
    tf.dispose(run(round));
    return performance.now() - start;
  });
  const { user, system } = process.cpuUsage(before);
  times.sort((a, b) => a - b);
  return { median: times[rounds / 2]!, fastest: times[0]!, cpu: (user + system) / 1000 / rounds };
}

const report = ({ median, fastest, cpu }: ReturnType<typeof time>) =>
  `median ${median.toFixed(1)} ms, fastest ${fastest.toFixed(1)} ms, processor ${cpu.toFixed(1)} ms`;

for (const [size, batch] of [
  [32, 256],
  [96, 64],
] as const) {
  const images = tf.randomUniform<tf.Rank.R4>([batch, size, size, 3], 0, 1, 'float32', 0);
  for (const preset of ['cifar', 'imagenet'] as const) {
    const twoViews = simclrViews({ preset, size, normalize: statistics });
    const measured = time((round) => twoViews(images, createRng(round)));
    const perSecond = Math.round((1000 * batch) / measured.median);
    console.log(`${preset} ${size}x${size}, batch ${batch}: ${perSecond} images/s (two views each); both views: ${report(measured)}`);
  }
  if (process.argv.includes('--detail')) {
    const [cifar] = recipes.simclr.cifar.global;
    const parts: Record<string, Augmentation> = {
      randomResizedCrop: randomResizedCrop({ size, ...cifar!.crop }),
      randomHorizontalFlip: randomHorizontalFlip(),
      colorJitter: colorJitter(cifar!.colorJitter),
      'colorJitter, no hue, one order': colorJitter({
        brightness: 0.4,
        contrast: 0.4,
        saturation: 0.4,
        order: ['brightness', 'contrast', 'saturation'],
      }),
      randomGrayscale: randomGrayscale(),
      gaussianBlur: gaussianBlur(),
      normalize: normalize(statistics),
    };
    for (const [name, augment] of Object.entries(parts)) {
      console.log(`  ${name}: ${report(time((round) => [augment(images, createRng(round))]))}`);
    }
  }
  images.dispose();
}
