import { arrayImages, type VideoDataset } from '@selfsup/data';
import { createRng } from '@selfsup/core';
import { encodeImages, chosenIndices } from '../image/encode-images.ts';
import { imageSamples, type ImageSamples } from '../image/image-samples.ts';
import type { AnyModule, EncodeOptions, Features } from '../modality.ts';
import { silentProgress } from '../progress.ts';
import type { Samples } from '../samples.ts';

/** Videos as {@link Samples}: a still of each, and its clips. */
export interface VideoSamples extends ImageSamples {
  /** The same videos. */
  readonly clips: VideoDataset;
}

/** Clips of a video whose frames are averaged. */
const PLACES = 3;
/** Videos that are read at once. */
const CHUNK = 32;

/**
 * Features of whole videos by an encoder of frames: the mean over the frames of three clips, at places that are always the same.
 *
 * @param encoder from normalized frames `[n, h, w, c]` to `[n, dim]`
 * @param samples videos with `clips`; images and stills are encoded as they are
 * @param options see {@link EncodeOptions}
 * @returns float32 `[videos, dim]`; videos with a frame that cannot be read are left out
 */
export async function encodeVideos(encoder: AnyModule, samples: Samples, options: EncodeOptions): Promise<Features> {
  if (!('clips' in samples)) return encodeImages(encoder, samples, options);
  const { clips, name, length } = samples as VideoSamples;
  const chosen = chosenIndices(length, options.indices);
  const stage = options.progress.stage(options.stage, { total: chosen.length, unit: 'videos' });
  const rows: Float32Array[] = [];
  const indices: number[] = [];
  let dim = 0;
  try {
    for (let first = 0; first < chosen.length; first += CHUNK) {
      const batch = chosen.subarray(first, first + CHUNK);
      const sums = new Map<number, { sum: Float32Array; frames: number }>();
      for (let place = 0; place < PLACES; place++) {
        options.signal?.throwIfAborted();
        const { pixels, shape, indices: read } = await clips.readClips(batch, createRng(0).fold('frames').fold(place));
        const [count, frames, height, width, channels] = shape;
        if (count === 0) continue;
        const images = imageSamples(arrayImages(pixels, [count * frames, height, width, channels], { name }));
        const { data, shape: found } = await encodeImages(encoder, images, { ...options, indices: undefined, progress: silentProgress });
        dim = found[1];
        for (const [row, video] of read.entries()) {
          const of = sums.get(video) ?? { sum: new Float32Array(dim), frames: 0 };
          for (let frame = 0; frame < frames; frame++) for (let j = 0; j < dim; j++) of.sum[j]! += data[(row * frames + frame) * dim + j]!;
          of.frames += frames;
          sums.set(video, of);
        }
      }
      for (const video of batch) {
        const of = sums.get(video);
        if (!of) continue;
        indices.push(video);
        rows.push(of.sum.map((value) => value / of.frames));
      }
      stage.update(first + batch.length);
    }
  } finally {
    stage.end();
  }
  const data = new Float32Array(rows.length * dim);
  for (const [row, values] of rows.entries()) data.set(values, row * dim);
  return { data, shape: [rows.length, dim], indices: Int32Array.from(indices) };
}
