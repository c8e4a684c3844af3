import { softwareGpu } from '../../tools/presets/software-gpu.ts';
import { shared } from '../../tools/presets/vitest.ts';

// only where something trains on it: `selfsup backends` would measure its speed, and wait for it
if (process.env['SELFSUP_TESTS'] === 'slow') Object.assign(process.env, softwareGpu());

export default shared();
