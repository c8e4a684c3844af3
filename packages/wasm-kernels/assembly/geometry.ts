// The shape of the current convolution or pooling: globals of the instance (not memory), set before each call.

export let batch: i32 = 0;
export let inHeight: i32 = 0;
export let inWidth: i32 = 0;
export let inChannels: i32 = 0;
export let outHeight: i32 = 0;
export let outWidth: i32 = 0;
export let outChannels: i32 = 0;
export let filterHeight: i32 = 0;
export let filterWidth: i32 = 0;
export let strideHeight: i32 = 1;
export let strideWidth: i32 = 1;
export let padTop: i32 = 0;
export let padLeft: i32 = 0;
export let dilationHeight: i32 = 1;
export let dilationWidth: i32 = 1;

export function setTensors(n: i32, h: i32, w: i32, c: i32, oh: i32, ow: i32, oc: i32): void {
  batch = n;
  inHeight = h;
  inWidth = w;
  inChannels = c;
  outHeight = oh;
  outWidth = ow;
  outChannels = oc;
}

export function setWindow(kh: i32, kw: i32, sh: i32, sw: i32, top: i32, left: i32, dh: i32, dw: i32): void {
  filterHeight = kh;
  filterWidth = kw;
  strideHeight = sh;
  strideWidth = sw;
  padTop = top;
  padLeft = left;
  dilationHeight = dh;
  dilationWidth = dw;
}
