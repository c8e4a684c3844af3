// What the three directions of the convolution share: the list of taps, and the rule for few channels.
import * as g from './geometry';
import { TAP_BYTES } from './pointers';

/** Below this many channels the taps of a pixel are copied side by side. */
const FEW_CHANNELS: i32 = 16;

export function align(p: usize): usize {
  return (p + 63) & ~63;
}

export function bytes(n: i32): usize {
  return (<usize>n) << 2;
}

export function few(channels: i32, taps: i32): bool {
  return channels < 6 || (channels < FEW_CHANNELS && taps > 1);
}

/** Bytes between the copied rows of neighboring pixels. */
export function copyStride(channels: i32, taps: i32): usize {
  return bytes((channels * taps + 11) & ~3);
}

export function writeAllTaps(record: usize): i32 {
  const block = bytes(g.inChannels * g.outChannels);
  let offset: usize = 0;
  for (let i = 0; i < g.filterHeight; i++) {
    for (let j = 0; j < g.filterWidth; j++) {
      store<i32>(record, i * g.dilationHeight - g.padTop);
      store<i32>(record, j * g.dilationWidth - g.padLeft, 4);
      store<usize>(record, offset, 8);
      record += TAP_BYTES;
      offset += block;
    }
  }
  return g.filterHeight * g.filterWidth;
}
