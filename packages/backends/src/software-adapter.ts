/** What is read of a `GPUAdapterInfo`; browsers leave out what they do not tell. */
export interface AdapterFacts {
  readonly vendor?: string;
  readonly architecture?: string;
  readonly device?: string;
  readonly description?: string;
  readonly isFallbackAdapter?: boolean;
}

/** The names under which the processor passes for a GPU: Google's, Mesa's and Microsoft's. */
const SIMULATIONS = /swiftshader|llvmpipe|lavapipe|softpipe|\bwarp\b|basic render/i;

/** Whether an adapter only simulates a GPU on the processor: right results, many times slower than wasm. */
export function isSoftwareAdapter({ vendor, architecture, device, description, isFallbackAdapter }: AdapterFacts): boolean {
  return isFallbackAdapter === true || SIMULATIONS.test([vendor, architecture, device, description].join(' '));
}

/** An adapter in a few words, such as `nvidia ampere`. */
export function nameAdapter({ vendor, architecture, description }: AdapterFacts): string {
  return [vendor, architecture].filter(Boolean).join(' ') || description || 'a GPU that does not tell its name';
}
