import type { SavedWeight } from '../save-weights.ts';
import { antialiasedWeights, pseudoinverseOfTransposed, resampleSquare } from './resample-weights.ts';

/**
 * A kernel over images for another number of channels: for one, the sum over the channels; for more, the channels repeated and scaled so that an image of equal channels
 * says as much as before.
 *
 * @param data `[places, from, filters]`
 * @returns `[places, to, filters]`
 * @see `adapt_input_conv` of timm
 */
export function adaptChannels(
  data: Float32Array,
  { places, from, to, filters }: { places: number; from: number; to: number; filters: number },
): Float32Array {
  const result = new Float32Array(places * to * filters);
  for (let place = 0; place < places; place++)
    for (let channel = 0; channel < Math.max(from, to); channel++) {
      const [source, target] = [(place * from + (channel % from)) * filters, (place * to + (channel % to)) * filters];
      if (to === 1) for (let f = 0; f < filters; f++) result[target + f]! += data[source + f]!;
      else if (channel < to) for (let f = 0; f < filters; f++) result[target + f] = (data[source + f]! * from) / to;
    }
  return result;
}

/** The kernel of patches `[patch² · channels, width]` for patches of another size, see {@link pseudoinverseOfTransposed}. */
export function resizePatches({ data, shape }: SavedWeight, { from, to }: { from: number; to: number }): SavedWeight {
  if (from === to) return { data, shape };
  const [rows, width] = shape as [number, number];
  const columns = (rows / (from * from)) * width;
  const weights = pseudoinverseOfTransposed(antialiasedWeights(from, to), [to, from]);
  return { shape: [(to * to * columns) / width, width], data: resampleSquare(data, weights, { from, to, columns }) };
}

/** Learned positions `[first + from², width]` for another grid, those of the first rows as they are. */
export function resizePositions(
  { data, shape }: SavedWeight,
  { first, from, to }: { first: number; from: number; to: number },
): SavedWeight {
  if (from === to) return { data, shape };
  const width = shape[1]!;
  const result = new Float32Array((first + to * to) * width);
  result.set(data.subarray(0, first * width));
  result.set(resampleSquare(data.subarray(first * width), antialiasedWeights(from, to), { from, to, columns: width }), first * width);
  return { shape: [first + to * to, width], data: result };
}
