import { selectBackend } from '@selfsup/backends';
import * as tf from '@tensorflow/tfjs-core';
await selectBackend({ prefer: process.argv[2]!, threads: 1 });
for (const v of [1e-3,1e-5,1e-6, 1e-7, 1e-8, 1e-10,1e-30,-1e-7, -1e-30, NaN]) console.log(v, await tf.sign(tf.tensor1d([v])).data(), await tf.step(tf.tensor1d([v])).data());
