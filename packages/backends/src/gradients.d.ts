// assets/gradients.mjs is written by scripts/build-assets.mjs; importing it registers tfjs-core's gradients.
declare module '*/gradients.mjs';
