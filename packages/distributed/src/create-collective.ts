import { SelfsupError, type Collective } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { bytesOf, decodeFloats, encodeFloats, type Compression } from './half-floats.ts';
import type { SharedSlots, Transport } from './transport.ts';

/** A {@link Collective} that can be left. */
export interface RankCollective extends Collective {
  /** What carries it. */
  readonly kind: Transport['kind'];
  /** In words, such as `Open MPI 4.1.4, rank 0 of 4`. */
  readonly description: string;
  /** Leaves; every rank must call it. */
  close(): Promise<void>;
  /** Ends the whole job at once, since this rank cannot go on. */
  abort(reason: Error): void;
}

/** Options of {@link createCollective}. */
export interface CollectiveOptions {
  /** How the numbers of `allReduceMean` are written while they travel; default `none`. 16 bits halve the traffic and round every gradient twice. */
  compression?: Compression;
}

/** Numbers that are reduced at a time: bounds the scratch, and what one call of MPI can count. */
const PIECE = 1 << 24;

/** Numbers of a line of the cache: ranks that write into one are slow. */
const LINE = 16;
/** Numbers come in, are summed, and go out. */
const STAGES = 3;
/** Numbers that are summed at a time, so that the sums stay in a cache. */
const BLOCK = 2048;
const sums = new Float64Array(BLOCK);

/** The parts of arrays that hold numbers from … to, counted as if they were one, and where each begins in this range. */
function* partsBetween(arrays: readonly Float32Array[], from: number, to: number): Generator<{ part: Float32Array; at: number }, void> {
  let before = 0;
  for (const array of arrays) {
    const [start, end] = [Math.max(from - before, 0), Math.min(to - before, array.length)];
    if (start < end) yield { part: array.subarray(start, end), at: before + start - from };
    before += array.length;
  }
}

/** The mean of arrays of one length, summed in their order in float64; `means` may be one of them. */
function meanOver(arrays: readonly Float32Array[], means: Float32Array): void {
  const [first, second] = arrays as [Float32Array, Float32Array?];
  if (second && arrays.length === 2) {
    for (let i = 0; i < means.length; i++) means[i] = (first[i]! + second[i]!) / 2;
    return;
  }
  for (let from = 0; from < means.length; from += BLOCK) {
    const count = Math.min(BLOCK, means.length - from);
    sums.set(first.subarray(from, from + count));
    for (const array of arrays.slice(1)) for (let i = 0; i < count; i++) sums[i]! += array[from + i]!;
    for (let i = 0; i < count; i++) means[from + i] = sums[i]! / arrays.length;
  }
}

/** `gradientDepth` of the engine: above 0 a tape is being recorded, and nothing can be awaited. */
const isRecording = (): boolean => (tf.engine() as unknown as { state: { gradientDepth: number } }).state.gradientDepth > 0;

const asBytes = (values: Float32Array | Int32Array): Uint8Array => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

/**
 * Makes what a trainer needs of ranks from what can carry bytes between them.
 *
 * @param transport of MPI or of threads
 * @param options see {@link CollectiveOptions}
 * @returns the collective: means are summed in rank order in float64, so that every rank has the same bits, whatever carries them
 * @throws SelfsupError from its methods `SELFSUP_COLLECTIVE` when ranks disagree in what they send or one is lost, `SELFSUP_DTYPE` on other tensors than
 * float32 and int32
 * @remarks Each rank sums its share of the numbers of all (an all-to-all), then the sums are gathered: the traffic of a ring, 2(n − 1)/n of the numbers.
 * `allGatherSync`, and `allGather` under a gradient tape, answer at once and are differentiable, on backends that can be read synchronously.
 */
export function createCollective(transport: Transport, { compression = 'none' }: CollectiveOptions = {}): RankCollective {
  const { kind, description, rank, worldSize } = transport;

  const scratch = growing();

  /** Averages numbers from … to of the arrays, by an all-to-all and an all-gather. */
  const reducePiece = async (arrays: () => readonly Float32Array[], from: number, to: number): Promise<void> => {
    const share = Math.ceil((to - from) / worldSize);
    const bytes = 4 * Math.ceil((share * bytesOf(compression)) / 4); // shares begin at a multiple of 4 bytes
    const partOf = (buffer: Uint8Array, r: number) => buffer.subarray(r * bytes, (r + 1) * bytes);
    const rangeOf = (r: number) => [Math.min(to, from + r * share), Math.min(to, from + (r + 1) * share)] as const;
    const [sent, received] = [scratch('sent', worldSize * bytes), scratch('received', worldSize * bytes)];
    for (let r = 0; r < worldSize; r++)
      for (const { part, at } of partsBetween(arrays(), ...rangeOf(r)))
        encodeFloats(part, partOf(sent, r).subarray(at * bytesOf(compression)), compression);
    await transport.allToAll(sent, received);
    const [first, last] = rangeOf(rank);
    const own = last - first;
    const means = new Float32Array(scratch('means', 4 * share).buffer, 0, own);
    const theirs = Array.from({ length: worldSize }, (_, r) => decodeFloats(partOf(received, r), own, compression));
    meanOver(theirs, means);
    const mine = partOf(sent, 0);
    encodeFloats(means, mine, compression);
    await transport.allGather(mine, received);
    for (let r = 0; r < worldSize; r++)
      for (const { part, at } of partsBetween(arrays(), ...rangeOf(r)))
        part.set(decodeFloats(partOf(received, r).subarray(at * bytesOf(compression)), part.length, compression));
  };

  /**
   * Averages the arrays through memory that all ranks see, in turns: while the numbers of one turn come in, each rank sums its share of those of the turn before,
   * and those of the turn before that go out. One barrier for each turn, and what is touched fits into a cache.
   */
  const reduceInSlots = (arrays: readonly Float32Array[], { slots, barrierSync }: SharedSlots): void => {
    const total = arrays.reduce((sum, { length }) => sum + length, 0);
    const most = Math.floor(slots[0]!.length / (4 * STAGES));
    const room = most > LINE ? most - (most % LINE) : most;
    const turns = Math.ceil(total / room);
    const stageOf = (r: number, turn: number): Float32Array => {
      const { buffer, byteOffset } = slots[r]!;
      return new Float32Array(buffer, byteOffset + 4 * room * (turn % STAGES), Math.min(room, total - turn * room));
    };
    const isTurn = (turn: number): boolean => turn >= 0 && turn < turns;
    const partsOf = (turn: number) => partsBetween(arrays, turn * room, Math.min(total, (turn + 1) * room));
    for (let turn = 0; turn < turns + STAGES - 1; turn++) {
      if (isTurn(turn)) for (const { part, at } of partsOf(turn)) stageOf(rank, turn).set(part, at);
      if (isTurn(turn - 1)) {
        const { length } = stageOf(0, turn - 1);
        const share = LINE * Math.ceil(length / (LINE * worldSize));
        const shareOf = (r: number) => stageOf(r, turn - 1).subarray(Math.min(length, rank * share), Math.min(length, (rank + 1) * share));
        const theirs = Array.from({ length: worldSize }, (_, r) => shareOf(r));
        meanOver(theirs, theirs[0]!);
      }
      if (isTurn(turn - 2)) for (const { part, at } of partsOf(turn - 2)) part.set(stageOf(0, turn - 2).subarray(at, at + part.length));
      barrierSync();
    }
  };

  const reduce = async (arrays: () => readonly Float32Array[]): Promise<void> => {
    if (transport.shared && compression === 'none') {
      await transport.barrier(); // the event loop lives while others compute
      reduceInSlots(arrays(), transport.shared);
      return;
    }
    const total = arrays().reduce((sum, { length }) => sum + length, 0);
    for (let from = 0; from < total; from += PIECE) await reducePiece(arrays, from, Math.min(total, from + PIECE));
  };

  /** Shapes of all ranks, checked: `[rows of rank 0, …]`. */
  const readShapes = (all: Int32Array, { shape, dtype }: tf.Tensor): number[] => {
    const mine = all.subarray(HEADER * rank, HEADER * (rank + 1));
    const counts: number[] = [];
    for (let r = 0; r < worldSize; r++) {
      const theirs = all.subarray(HEADER * r, HEADER * (r + 1));
      if ([0, 2, 3].some((at) => theirs[at] !== mine[at]))
        throw new SelfsupError(
          'SELFSUP_COLLECTIVE',
          `allGather: all ranks must send tensors that differ in rows alone; rank ${rank} sends ${dtype} [${shape.join(', ')}], rank ${r} another type or shape. Do all ranks run the same program on the same options?`,
        );
      counts.push(theirs[1]!);
    }
    return counts;
  };

  const headerOf = ({ dtype, shape }: tf.Tensor): Int32Array => {
    if (dtype !== 'float32' && dtype !== 'int32')
      throw new SelfsupError('SELFSUP_DTYPE', `allGather: a tensor must be float32 or int32, got ${dtype}; cast it`);
    if (shape.length === 0) throw new SelfsupError('SELFSUP_SHAPE', 'allGather: a tensor must have rows, got a scalar; reshape it to [1]');
    return Int32Array.of(
      dtype === 'float32' ? 1 : 2,
      shape[0],
      shape.slice(1).reduce((a, b) => a * b, 1),
      shape.length,
    );
  };

  /** What is sent, filled up to the most rows of any rank, and room for all. */
  const buffersFor = (values: Float32Array | Int32Array, counts: readonly number[], width: number) => {
    const most = Math.max(1, ...counts) * Math.max(1, width);
    const Values = values.constructor as typeof Float32Array;
    const [sent, received] = [new Values(most), new Values(worldSize * most)];
    sent.set(values);
    return { most, sent, received, Values };
  };

  /** The rows of all ranks from what was received. */
  const joinRows = (x: tf.Tensor, { received, most, Values }: ReturnType<typeof buffersFor>, counts: readonly number[]): tf.Tensor => {
    const width = x.shape.slice(1).reduce((a, b) => a * b, 1);
    const joined = new Values(counts.reduce((a, b) => a + b, 0) * width);
    let at = 0;
    counts.forEach((count, r) => {
      joined.set(received.subarray(r * most, r * most + count * width), at);
      at += count * width;
    });
    return tf.tensor(joined, [counts.reduce((a, b) => a + b, 0), ...x.shape.slice(1)], x.dtype);
  };

  const gatherSync = (x: tf.Tensor): { gathered: tf.Tensor; counts: readonly number[] } => {
    const header = headerOf(x);
    const headers = new Int32Array(HEADER * worldSize);
    transport.allGatherSync(asBytes(header), asBytes(headers));
    const counts = readShapes(headers, x);
    // eslint-disable-next-line no-restricted-syntax -- under a tape nothing can be awaited; the docs say that such backends cannot do it
    const buffers = buffersFor(x.dataSync() as Float32Array | Int32Array, counts, header[2]!);
    transport.allGatherSync(asBytes(buffers.sent), asBytes(buffers.received));
    return { gathered: joinRows(x, buffers, counts), counts };
  };

  /** This rank's rows of the sum over ranks of a gradient towards all rows. */
  const scatterSum = (dy: tf.Tensor, counts: readonly number[], shape: readonly number[]): tf.Tensor => {
    const width = shape.slice(1).reduce((a, b) => a * b, 1);
    const most = Math.max(1, ...counts) * Math.max(1, width);
    // eslint-disable-next-line no-restricted-syntax -- under a tape nothing can be awaited; the docs say that such backends cannot do it
    const values = dy.dataSync();
    const [sent, received] = [new Float32Array(worldSize * most), new Float32Array(worldSize * most)];
    let at = 0;
    counts.forEach((count, r) => {
      sent.set(values.subarray(at, at + count * width), r * most);
      at += count * width;
    });
    transport.allToAllSync(asBytes(sent), asBytes(received));
    const sums = new Float32Array(counts[rank]! * width);
    for (let i = 0; i < sums.length; i++) {
      let sum = 0;
      for (let r = 0; r < worldSize; r++) sum += received[r * most + i]!;
      sums[i] = sum;
    }
    return tf.tensor(sums, [...shape]);
  };

  const gatherUnderTape = tf.customGrad((x) => {
    const input = x as tf.Tensor;
    const { gathered, counts } = gatherSync(input);
    const { shape } = input;
    return { value: gathered, gradFunc: (dy: tf.Tensor) => scatterSum(dy, counts, shape) };
  });

  return {
    kind,
    description,
    rank,
    worldSize,
    allGather<T extends tf.Tensor>(x: T): T | Promise<T> {
      const header = headerOf(x);
      if (isRecording()) return gatherUnderTape(x) as T;
      return (async () => {
        const headers = new Int32Array(HEADER * worldSize);
        await transport.allGather(asBytes(header), asBytes(headers));
        const counts = readShapes(headers, x);
        const buffers = buffersFor((await x.data()) as Float32Array | Int32Array, counts, header[2]!);
        await transport.allGather(asBytes(buffers.sent), asBytes(buffers.received));
        return joinRows(x, buffers, counts) as T;
      })();
    },
    allGatherSync: <T extends tf.Tensor>(x: T): T => gatherUnderTape(x) as T,
    allReduceMean: (x) => reduce(() => [x]),
    allReduceMeanEach: reduce,
    async broadcast(x, root = 0) {
      if (!Number.isSafeInteger(root) || root < 0 || root >= worldSize)
        throw new SelfsupError('SELFSUP_OPTION', `broadcast: \`root\` must be a rank below ${worldSize}, got ${root}`);
      for (let from = 0; from < x.length; from += PIECE)
        await transport.broadcast(asBytes(x.subarray(from, Math.min(x.length, from + PIECE))), root);
    },
    barrier: () => transport.barrier(),
    close: () => transport.close(),
    abort: (reason) => {
      transport.abort(reason);
    },
  };
}

/** Buffers by name that are kept for the next time, and grow: to get the memory for all gradients costs as much as to sum them. */
function growing(): (name: string, bytes: number) => Uint8Array {
  const buffers = new Map<string, Uint8Array>();
  return (name, bytes) => {
    let buffer = buffers.get(name);
    if (!buffer || buffer.length < bytes) buffers.set(name, (buffer = new Uint8Array(bytes)));
    return buffer.subarray(0, bytes);
  };
}

/** Numbers that describe a tensor: type, rows, columns, rank. */
const HEADER = 4;
