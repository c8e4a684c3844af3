// Gradient of average pooling: each output spreads its gradient over the pixels of its window that lie in the image, as many as it averaged.
import * as g from './geometry';
import { shareFrom, shareTo } from './team';

export function avgPoolGrad(dy: usize, dx: usize): void {
  const bytes = (<usize>g.inChannels) << 2;
  const vectors = bytes & ~15;
  const image = <usize>g.inHeight * <usize>g.inWidth * bytes;
  const first = shareFrom(g.batch, 1),
    last = shareTo(g.batch, 1);
  memory.fill(dx + <usize>first * image, 0, <usize>(last - first) * image);
  dy += <usize>first * <usize>g.outHeight * <usize>g.outWidth * bytes;
  for (let n = first; n < last; n++) {
    for (let oh = 0; oh < g.outHeight; oh++) {
      const y = oh * g.strideHeight - g.padTop;
      const top = max(y, 0),
        bottom = min(y + g.filterHeight, g.inHeight);
      for (let ow = 0; ow < g.outWidth; ow++) {
        const x = ow * g.strideWidth - g.padLeft;
        const left = max(x, 0),
          right = min(x + g.filterWidth, g.inWidth);
        if (top < bottom && left < right) {
          const share: f32 = 1 / <f32>((bottom - top) * (right - left));
          const four = f32x4.splat(share);
          for (let i = top; i < bottom; i++) {
            let to = dx + <usize>((n * g.inHeight + i) * g.inWidth + left) * bytes;
            for (let j = left; j < right; j++) {
              let c: usize = 0;
              for (; c + 32 <= bytes; c += 32) {
                const t = v128.load(to + c),
                  tn = v128.load(to + c, 16);
                const d = v128.load(dy + c),
                  dn = v128.load(dy + c, 16);
                v128.store(to + c, f32x4.add(tn, f32x4.mul(dn, four)), 16);
                v128.store(to + c, f32x4.add(t, f32x4.mul(d, four)));
              }
              for (; c < vectors; c += 16) v128.store(to + c, f32x4.add(v128.load(to + c), f32x4.mul(v128.load(dy + c), four)));
              for (; c < bytes; c += 4) store<f32>(to + c, load<f32>(to + c) + load<f32>(dy + c) * share);
              to += bytes;
            }
          }
        }
        dy += bytes;
      }
    }
  }
}
