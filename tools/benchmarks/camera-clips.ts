// Makes a short video of each image of CIFAR-10 by moving a camera over it, for runs of frame-order where there are no videos:
// node tools/benchmarks/camera-clips.ts path/to/cifar-10 path/to/videos
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRng, drawUniform, type Rng } from '@selfsup/core';
import { parseCifar } from '@selfsup/data';
import sharp from 'sharp';

/** Side in pixels of what a frame shows; the same for all, so that no blur tells which is which. */
const VIEW = 20;

/** Frames of a clip. */
const FRAMES = 4;

const files = { train: 'train_jpeg_10000.bin', test: 'test_jpeg_1000.bin' };

/** Writes the frames of one image into a folder: the camera crosses it in a straight line through its middle, in any direction. */
async function writeClip(pixels: Uint8Array, { side, folder, rng }: { side: number; folder: string; rng: Rng }): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const angle = 2 * Math.PI * drawUniform(rng, 1)[0]!;
  for (let frame = 0; frame < FRAMES; frame++) {
    const way = (2 * frame) / (FRAMES - 1) - 1; // -1 ... 1
    const at = (direction: number) => Math.round(((side - VIEW) / 2) * (1 + way * direction));
    await sharp(pixels, { raw: { width: side, height: side, channels: 3 } })
      .extract({ left: at(Math.cos(angle)), top: at(Math.sin(angle)), width: VIEW, height: VIEW })
      .resize(side, side)
      .png()
      .toFile(join(folder, `${frame}.png`));
  }
}

const [source, target] = process.argv.slice(2);
if (!source || !target) throw new Error('usage: camera-clips.ts path/to/cifar-10 path/to/videos');
for (const [part, file] of Object.entries(files)) {
  const { pixels, shape, labels } = parseCifar(readFileSync(join(source, file)), { name: file });
  const [n, side, , channels] = shape;
  const size = side * side * channels;
  const rng = createRng(0).fold(part);
  for (let i = 0; i < n; i++) {
    const folder = join(target, part, `class${labels[i]}`, String(i));
    await writeClip(pixels.subarray(i * size, (i + 1) * size), { side, folder, rng: rng.fold(i) });
    if ((i + 1) % 1000 === 0) console.log(`${part}: ${i + 1} videos`);
  }
}
