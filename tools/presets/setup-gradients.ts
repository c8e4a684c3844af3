// Every test runs on the cpu backend unless it selects another one; tfjs-core's Node build registers no gradients.
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { registerGradients } from '../../packages/backends/src/register-gradients.ts';

tf.enableProdMode();
await registerGradients();
await tf.setBackend('cpu');
await tf.ready();
