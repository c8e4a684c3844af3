// What thread-pool.test.ts runs in a process, or a thread, of its own: a product on two threads, and an end by itself.
import { parentPort } from 'node:worker_threads';
import * as tf from '@tensorflow/tfjs-core';
import { startVariant } from './wasm-under-test.ts';

const { threads } = await startVariant({ simd: 'plain', threads: 2 });
const product = tf.matMul(tf.ones([40, 30]), tf.ones([30, 50]));
const values = [...new Set(await product.data())];
product.dispose();
const answer = { threads, values };
if (parentPort === null) console.log(JSON.stringify(answer));
else parentPort.postMessage(answer);
