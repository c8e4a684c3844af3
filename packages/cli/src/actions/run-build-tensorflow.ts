import { buildTensorflowBinding } from '@selfsup/tensorflow-kernels/node';
import type { Output } from '../output/output.ts';

/** The flags of `selfsup backends build-tensorflow`. */
export interface BuildTensorflowFlags {
  readonly libtensorflow: string;
  readonly compiler?: string;
  readonly nodeHeaders?: string;
  readonly portable?: boolean;
}

/**
 * `selfsup backends build-tensorflow`: tfjs-node's native part for the TensorFlow in a folder.
 *
 * @param flags see {@link BuildTensorflowFlags}
 * @param output where to report
 * @returns the exit code 0; what is missing is thrown
 */
export async function runBuildTensorflow(flags: BuildTensorflowFlags, output: Output): Promise<number> {
  const { libtensorflow, compiler, nodeHeaders, portable } = flags;
  const stage = output.stage('Compiling', { total: 5, unit: 'steps' });
  const built = await buildTensorflowBinding({
    libtensorflow,
    ...(compiler !== undefined && { compiler }),
    ...(nodeHeaders !== undefined && { nodeHeaders }),
    ...(portable !== undefined && { portable }),
    onProgress: ({ now, done }) => {
      stage.update(done, { now });
    },
  }).finally(() => {
    stage.end();
  });
  const { file, tensorflow, isUsingGpu, whyNoKernels } = built;
  output.line(`TensorFlow ${tensorflow} ${isUsingGpu ? 'computes on a GPU' : 'computes on the CPU: it lists no GPU'}.`);
  output.line(`wrote ${file}`);
  if (whyNoKernels !== undefined) output.warn(`without the fused operations of selfsup: ${whyNoKernels}`);
  output.line('Use it with --backend tensorflow.');
  output.event('result', { command: 'backends build-tensorflow', ...built });
  return 0;
}
