// Gradient of max pooling: each output passes its gradient to the first largest value of its window, in row-major order.
import * as g from './geometry';
import { shareFrom, shareTo } from './team';

export function maxPoolGrad(x: usize, dy: usize, dx: usize): void {
  const channels = g.inChannels;
  const size = (<usize>g.inHeight * <usize>(g.inWidth * channels)) << 2;
  const first = shareFrom(g.batch, 1),
    last = shareTo(g.batch, 1);
  memory.fill(dx + <usize>first * size, 0, <usize>(last - first) * size);
  for (let n = first; n < last; n++) {
    const image = n * g.inHeight * g.inWidth;
    for (let oh = 0; oh < g.outHeight; oh++) {
      for (let ow = 0; ow < g.outWidth; ow++) {
        const top = oh * g.strideHeight - g.padTop;
        const left = ow * g.strideWidth - g.padLeft;
        let grad = dy + ((<usize>((n * g.outHeight + oh) * g.outWidth + ow) * <usize>channels) << 2);
        let c = 0;
        for (; c + 4 <= channels; c += 4) {
          let best = f32x4.splat(-Infinity);
          let where = i32x4.splat(-1);
          for (let i = 0; i < g.filterHeight; i++) {
            const y = top + i * g.dilationHeight;
            if ((y as u32) >= (g.inHeight as u32)) continue;
            for (let j = 0; j < g.filterWidth; j++) {
              const z = left + j * g.dilationWidth;
              if ((z as u32) >= (g.inWidth as u32)) continue;
              const pixel = image + y * g.inWidth + z;
              const value = v128.load(x + ((<usize>pixel * <usize>channels + <usize>c) << 2));
              const larger = f32x4.gt(value, best);
              best = v128.bitselect(value, best, larger);
              where = v128.bitselect(i32x4.splat(pixel), where, larger);
            }
          }
          const column = dx + ((<usize>c) << 2);
          pass(column, i32x4.extract_lane(where, 0), channels, load<f32>(grad));
          pass(column + 4, i32x4.extract_lane(where, 1), channels, load<f32>(grad, 4));
          pass(column + 8, i32x4.extract_lane(where, 2), channels, load<f32>(grad, 8));
          pass(column + 12, i32x4.extract_lane(where, 3), channels, load<f32>(grad, 12));
          grad += 16;
        }
        for (; c < channels; c++) {
          pass(dx + ((<usize>c) << 2), largest(x + ((<usize>c) << 2), image, top, left), channels, load<f32>(grad));
          grad += 4;
        }
      }
    }
  }
}

function pass(column: usize, pixel: i32, channels: i32, grad: f32): void {
  if (pixel < 0) return; // a window of NaN or -Infinity only
  const to = column + ((<usize>pixel * <usize>channels) << 2);
  store<f32>(to, load<f32>(to) + grad);
}

function largest(x: usize, image: i32, top: i32, left: i32): i32 {
  let best: f32 = -Infinity;
  let where = -1;
  for (let i = 0; i < g.filterHeight; i++) {
    const y = top + i * g.dilationHeight;
    if ((y as u32) >= (g.inHeight as u32)) continue;
    for (let j = 0; j < g.filterWidth; j++) {
      const z = left + j * g.dilationWidth;
      if ((z as u32) >= (g.inWidth as u32)) continue;
      const pixel = image + y * g.inWidth + z;
      const value = load<f32>(x + ((<usize>pixel * <usize>g.inChannels) << 2));
      if (value > best) {
        best = value;
        where = pixel;
      }
    }
  }
  return where;
}
