// Gradients of the depthwise convolution: x [n, h, w, c], w [kh, kw, c, m], dy [n, oh, ow, c * m].
import * as g from './geometry';

function multiplyAdd(to: usize, a: usize, b: usize, n: i32): void {
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    v128.store(to, f32x4.add(v128.load(to), f32x4.mul(v128.load(a), v128.load(b))));
    to += 16;
    a += 16;
    b += 16;
  }
  for (; i < n; i++) {
    store<f32>(to, load<f32>(to) + load<f32>(a) * load<f32>(b));
    to += 4;
    a += 4;
    b += 4;
  }
}

/** dx += dy * w for each tap and output pixel; dx is cleared first. */
export function depthwiseInput(dy: usize, w: usize, dx: usize): void {
  memory.fill(dx, 0, (<usize>(g.batch * g.inHeight) * <usize>(g.inWidth * g.inChannels)) << 2);
  const multiplier = g.outChannels / g.inChannels;
  for (let n = 0; n < g.batch; n++) {
    for (let oh = 0; oh < g.outHeight; oh++) {
      for (let i = 0; i < g.filterHeight; i++) {
        const ih = oh * g.strideHeight - g.padTop + i * g.dilationHeight;
        if ((ih as u32) >= (g.inHeight as u32)) continue;
        for (let ow = 0; ow < g.outWidth; ow++) {
          const from = dy + ((<usize>((n * g.outHeight + oh) * g.outWidth + ow) * <usize>g.outChannels) << 2);
          for (let j = 0; j < g.filterWidth; j++) {
            const iw = ow * g.strideWidth - g.padLeft + j * g.dilationWidth;
            if ((iw as u32) >= (g.inWidth as u32)) continue;
            const to = dx + ((<usize>((n * g.inHeight + ih) * g.inWidth + iw) * <usize>g.inChannels) << 2);
            const weights = w + ((<usize>((i * g.filterWidth + j) * g.outChannels)) << 2);
            if (multiplier == 1) multiplyAdd(to, from, weights, g.inChannels);
            else reduceAdd(to, from, weights, g.inChannels, multiplier);
          }
        }
      }
    }
  }
}

function reduceAdd(to: usize, a: usize, b: usize, n: i32, multiplier: i32): void {
  for (let c = 0; c < n; c++) {
    let sum = load<f32>(to);
    for (let m = 0; m < multiplier; m++) {
      sum += load<f32>(a) * load<f32>(b);
      a += 4;
      b += 4;
    }
    store<f32>(to, sum);
    to += 4;
  }
}

/** dw: each row of output pixels is summed by itself (`row`: out channels of scratch) and then added, which keeps the error of long sums small. */
export function depthwiseFilter(x: usize, dy: usize, dw: usize, row: usize): void {
  const size = (<usize>g.outChannels) << 2;
  memory.fill(dw, 0, size * <usize>(g.filterHeight * g.filterWidth));
  const multiplier = g.outChannels / g.inChannels;
  for (let n = 0; n < g.batch; n++) {
    for (let oh = 0; oh < g.outHeight; oh++) {
      for (let i = 0; i < g.filterHeight; i++) {
        const ih = oh * g.strideHeight - g.padTop + i * g.dilationHeight;
        if ((ih as u32) >= (g.inHeight as u32)) continue;
        for (let j = 0; j < g.filterWidth; j++) {
          memory.fill(row, 0, size);
          for (let ow = 0; ow < g.outWidth; ow++) {
            const iw = ow * g.strideWidth - g.padLeft + j * g.dilationWidth;
            if ((iw as u32) >= (g.inWidth as u32)) continue;
            const from = x + ((<usize>((n * g.inHeight + ih) * g.inWidth + iw) * <usize>g.inChannels) << 2);
            const grad = dy + ((<usize>((n * g.outHeight + oh) * g.outWidth + ow) * <usize>g.outChannels) << 2);
            if (multiplier == 1) multiplyAdd(row, from, grad, g.inChannels);
            else spreadAdd(row, from, grad, g.inChannels, multiplier);
          }
          addRow(dw + size * <usize>(i * g.filterWidth + j), row, g.outChannels);
        }
      }
    }
  }
}

function spreadAdd(to: usize, a: usize, b: usize, n: i32, multiplier: i32): void {
  for (let c = 0; c < n; c++) {
    const value = load<f32>(a);
    for (let m = 0; m < multiplier; m++) {
      store<f32>(to, load<f32>(to) + value * load<f32>(b));
      to += 4;
      b += 4;
    }
    a += 4;
  }
}

function addRow(to: usize, from: usize, n: i32): void {
  for (let i = 0; i < n; i++) {
    store<f32>(to, load<f32>(to) + load<f32>(from));
    to += 4;
    from += 4;
  }
}
