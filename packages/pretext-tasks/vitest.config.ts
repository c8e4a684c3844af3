import { softwareGpu } from '../../tools/presets/software-gpu.ts';
import { shared } from '../../tools/presets/vitest.ts';

if (process.env['SELFSUP_TESTS'] === 'slow') Object.assign(process.env, softwareGpu()); // the tasks kit on webgpu

export default shared();
