import { create, globals } from 'webgpu';
Object.assign(globalThis, globals);
const gpu = create([]);
Object.defineProperty(navigator, 'gpu', { value: gpu, configurable: true });
const tf = await import('@tensorflow/tfjs-core');
await import('@tensorflow/tfjs-backend-webgpu');
const { registerGradients } = await import('../../packages/backends/src/register-gradients.ts');
await registerGradients();
await tf.setBackend('webgpu');
await tf.ready();
const b = tf.backend() as any;
const counts = new Map<string, number>();
const device = b.device;
const make = device.createCommandEncoder.bind(device);
device.createCommandEncoder = (...a: any[]) => {
  const enc = make(...a);
  const begin = enc.beginComputePass.bind(enc);
  enc.beginComputePass = (...x: any[]) => {
    const pass = begin(...x);
    const set = pass.setPipeline.bind(pass);
    const dis = pass.dispatchWorkgroups.bind(pass);
    let label = '';
    pass.setPipeline = (p: any) => { label = p.label; set(p); };
    pass.dispatchWorkgroups = (...d: any[]) => { counts.set(label, (counts.get(label) ?? 0) + 1); dis(...d); };
    return pass;
  };
  return enc;
};
const which = process.argv[2];

const { createRng, drawNormal } = await import('@selfsup/core');
const { bertMini, convNet, projectionHead, resnet18 } = await import('@selfsup/encoders');
const { simclr } = await import('@selfsup/pretext-tasks/simclr');
const { sgd, adamW } = await import('@selfsup/optim');
const { createTrainer } = await import('@selfsup/trainer');
const { maskedLanguageTask } = await import('../../packages/pretrain/fixtures/masked-language-task.ts');
let trainer: any; let make2: any;
if (which === 'mlm') {
  const L = 16, B = 2;
  const encoder = bertMini({ numSegments: 1, vocabularySize: 64 } as any);
  trainer = createTrainer({ task: maskedLanguageTask(encoder), optimizer: adamW({ learningRate: 1e-4, weightDecay: 0.01 }), totalSteps: 1000, seed: 0 });
  make2 = () => ({ tokenIds: tf.ones([B, L], 'int32'), positions: tf.tensor1d([1, 5, 9], 'int32'), labels: tf.tensor1d([1, 2, 3], 'int32') });
} else {
  const backbone = which === 'resnet18' ? resnet18({ stem: 'cifar' }) : convNet();
  const head = projectionHead({ inputDim: backbone.outputDim, hiddenDim: 64, outputDim: 32 });
  trainer = createTrainer({ task: simclr({ backbone, projectionHead: head, temperature: 0.5 }), optimizer: sgd({ learningRate: 0.06, momentum: 0.9, weightDecay: 5e-4 }), totalSteps: 1000, seed: 0 });
  const rng = createRng(0);
  make2 = () => ({ views: ['a', 'b'].map((n) => tf.tensor4d(drawNormal(rng.fold(n), 2 * 8 * 8 * 3), [2, 8, 8, 3])) });
}
const step = { run: async () => { const b = make2(); const r = await trainer.trainStep(b); tf.dispose(b); return r.loss; } };
const t0 = performance.now();
console.log(await step.run(), performance.now() - t0);
counts.clear();
const byKernel = new Map<string, number>();
const t1 = performance.now();
console.log(await step.run(), performance.now() - t1);
let sum = 0;
for (const [k, v] of [...counts].sort((x, y) => y[1] - x[1])) { console.log(k, v); sum += v; }
console.log('total', sum);
process.exit(0);
