import * as tf from '@tensorflow/tfjs-core';

/** Places in flattened sequences, int32 `[n]`, and the token that is to be said at each; where there is none one place with the label −1, which does not count. */
export type ChosenPlaces = Readonly<Record<'positions' | 'labels', tf.Tensor1D>>;

/**
 * The places of labels that count, so that nothing is predicted elsewhere. Internal.
 *
 * @param labels what is to be said at each place of flattened sequences; negative where nothing
 * @returns see {@link ChosenPlaces}
 */
export function choosePlaces(labels: Int32Array): ChosenPlaces {
  const places = Int32Array.from(labels.keys()).filter((at) => labels[at]! >= 0);
  return {
    positions: tf.tensor1d(places.length > 0 ? places : Int32Array.of(0), 'int32'),
    labels: tf.tensor1d(places.length > 0 ? places.map((at) => labels[at]!) : Int32Array.of(-1), 'int32'),
  };
}
