// Tells tfjs's tests which backend they run on, before they load.
import { setTestEnvs } from '@tensorflow/tfjs-core/dist/jasmine_util';

setTestEnvs([{ name: 'test-wasm', backendName: 'wasm', isDataSync: true }]);
