/** Counts of dispatches by the label of their pipeline. */
export interface DispatchCount {
  readonly programs: ReadonlyMap<string, number>;
  reset(): void;
}

/** Counts every dispatch that is recorded on a device from now on, and leaves it out: buffers then hold zeros, and a step takes no time. */
export function countDispatches(device: GPUDevice): DispatchCount {
  const programs = new Map<string, number>();
  const createCommandEncoder = device.createCommandEncoder.bind(device);
  device.createCommandEncoder = (...options) => {
    const encoder = createCommandEncoder(...options);
    const beginComputePass = encoder.beginComputePass.bind(encoder);
    encoder.beginComputePass = (...descriptor) => {
      const pass = beginComputePass(...descriptor);
      const setPipeline = pass.setPipeline.bind(pass);
      let label = '';
      pass.setPipeline = (pipeline) => {
        label = pipeline.label;
        setPipeline(pipeline);
      };
      pass.dispatchWorkgroups = () => {
        programs.set(label, (programs.get(label) ?? 0) + 1);
      };
      return pass;
    };
    return encoder;
  };
  return {
    programs,
    reset() {
      programs.clear();
    },
  };
}
