import { softwareGpu } from '../../tools/presets/software-gpu.ts';
import { shared } from '../../tools/presets/vitest.ts';

Object.assign(process.env, softwareGpu()); // the processes of the tests inherit it

export default shared({ isolate: true }); // tests remove the backend
