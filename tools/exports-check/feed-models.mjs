// What Node and the page have in common: feeds models and turns what comes out into numbers for JSON.

/** A tensor as numbers. */
export const numbersOf = (shape, data) => ({ shape: [...shape], data: Array.from(data, Number) });

/** Images as float32 in [0, 1], by channels or by pixels. */
function floatsOf({ shape: [n, height, width, channels], data }, isChannelsFirst) {
  const values = new Float32Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const channel = i % channels;
    const pixel = Math.floor(i / channels) % (height * width);
    const image = Math.floor(i / (channels * height * width));
    values[isChannelsFirst ? (image * channels + channel) * height * width + pixel : i] = data[i] / 255;
  }
  return { shape: isChannelsFirst ? [n, channels, height, width] : [n, height, width, channels], data: values };
}

/** Runs a session of ONNX Runtime on all cases. */
export async function runSession(ort, session, cases) {
  const outputs = [];
  for (const { pixels, tokens } of cases) {
    const feed = (name) => {
      if (tokens) return new ort.Tensor('int64', BigInt64Array.from(tokens[name].data, BigInt), tokens[name].shape);
      const { shape, data } = floatsOf(pixels, true);
      return new ort.Tensor('float32', data, shape);
    };
    const results = await session.run(Object.fromEntries(session.inputNames.map((name) => [name, feed(name)])));
    outputs.push(Object.fromEntries(Object.entries(results).map(([name, { dims, data }]) => [name, numbersOf(dims, data)])));
  }
  await session.release();
  return outputs;
}

/** Runs a GraphModel of TensorFlow.js on all cases; it takes images by channels or by pixels, as its input says. */
export async function runGraphModel(tf, model, cases) {
  const outputs = [];
  for (const { pixels, tokens } of cases) {
    const feed = ({ name, shape }) => {
      const { shape: sides, data } = tokens ? tokens[name.split(':')[0]] : floatsOf(pixels, shape[1] === pixels.shape[3]);
      return tf.tensor(data, sides, tokens ? 'int32' : 'float32');
    };
    const feeds = Object.fromEntries(model.inputs.map((input) => [input.name, feed(input)]));
    const names = model.outputs.map(({ name }) => name);
    const results = [model.execute(feeds, names)].flat();
    const came = {};
    for (const [i, name] of names.entries()) came[name.split(':')[0]] = numbersOf(results[i].shape, await results[i].data());
    outputs.push(came);
    tf.dispose([results, Object.values(feeds)]);
  }
  model.dispose();
  return outputs;
}
