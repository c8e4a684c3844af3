import { printable } from '@selfsup/core';
import type { SafetensorsTensor } from '../safetensors.ts';
import { collectTensors } from './collect-tensors.ts';
import { conversion, failPytorch as fail } from './fail-pytorch.ts';
import { storageBytes, type PickledTensor } from './pickle-value.ts';
import { lastIndexOf, readTensor, sizeOf } from './read-tensor.ts';
import { readZip, readZipEntry, type ZipEntry } from './read-zip.ts';
import { unpickle } from './unpickle.ts';

const LARGEST_PICKLE = 64 * 2 ** 20;
const LARGEST_GROWTH = 16; // tensors may share a storage, and half precision doubles
const LARGEST_SMALL = 16 * 2 ** 20;

/** What a file of PyTorch holds. */
export interface PytorchFile {
  /** The tensors by name; names of nested dictionaries are joined by dots: `model.blocks.0.norm1.weight`. */
  readonly tensors: ReadonlyMap<string, SafetensorsTensor>;
  /** The names of what is no tensor and was left out: `epoch`, `args`, `optimizer.param_groups`. */
  readonly left: readonly string[];
}

const ascii = (bytes: Uint8Array, from: number, length: number) => String.fromCharCode(...bytes.subarray(from, from + length));

function assertZip(bytes: Uint8Array): void {
  if (bytes.length >= 4 && ascii(bytes, 0, 4) === 'PK\u0003\u0004') return;
  if (bytes[0] === 0x80 || ascii(bytes, 257, 5) === 'ustar')
    fail(
      `the file has the format of PyTorch before 1.6, or is a bare pickle, and is not read; load and save it again with a newer PyTorch: ${conversion}`,
    );
  if (bytes[8] === 0x7b) fail('the file looks like a safetensors file; read it with decodeSafetensors, and call it .safetensors');
  if (/^version https:\/\/git-lfs/.test(ascii(bytes, 0, 32)))
    fail('the file is a pointer of Git LFS, not the weights themselves; fetch them with: git lfs pull');
  if (ascii(bytes, 0, 4) === '\u0089HDF') fail('the file has the format HDF5 of Keras, not of PyTorch');
  fail(`expected a zip archive that torch.save wrote, got ${bytes.length} bytes that begin with ${[...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')}`); // prettier-ignore
}

/** The folder within the archive that holds all, with the slash. */
function folderOf(entries: ReadonlyMap<string, ZipEntry>): string {
  const pickles = [...entries.keys()].filter((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (pickles.length !== 1) fail('the zip archive must have one folder with data.pkl, as torch.save writes it');
  const folder = pickles[0]!.slice(0, -'data.pkl'.length);
  if (entries.has(`${folder}constants.pkl`))
    fail(`the file holds a program of TorchScript, not only tensors; save the weights alone, in Python: \`torch.save(torch.jit.load("model.pt").state_dict(), "weights.pt")\``); // prettier-ignore
  return folder;
}

function assertLittleEndian(bytes: Uint8Array, entry: ZipEntry | undefined): void {
  if (entry === undefined) return; // before PyTorch 2.0; little, but for machines that nobody has
  const order = entry.size <= 16 ? new TextDecoder().decode(readZipEntry(bytes, entry)) : '';
  if (order !== 'little')
    fail(`the byte order must be \`little\`, got \`${printable(order, { maxLength: 20 })}\`; save the file again on a usual machine`);
}

/** Throws unless each tensor lies within its storage, and all of them have a size that the file can explain. */
function assertBounds(
  tensors: ReadonlyMap<string, PickledTensor>,
  entryOf: (tensor: PickledTensor) => ZipEntry | undefined,
  room: number,
): void {
  // prettier-ignore
  let total = 0;
  for (const [name, tensor] of tensors) {
    const who = `\`${printable(name, { maxLength: 120 })}\``;
    const [entry, { storage }] = [entryOf(tensor), tensor];
    if (!entry) fail(`the storage of ${who} is missing in the zip archive`);
    const bytes = storage.length * storageBytes[storage.type];
    if (entry.size !== bytes) fail(`the storage of ${who} must have ${bytes} bytes, has ${entry.size}`);
    const size = sizeOf(tensor);
    if (!Number.isSafeInteger(size) || (size > 0 && lastIndexOf(tensor) >= storage.length))
      fail(`${who} of shape [${printable(tensor.shape.slice(0, 8).join(', '))}] must lie within its storage of ${storage.length} values`);
    total += size * Math.max(4, storageBytes[storage.type]);
    if (total > room) fail(`the tensors up to ${who} take more than ${room} bytes, which is more than such a file can hold`);
  }
}

/**
 * Reads the tensors of a file that `torch.save` wrote (`.pth`, `.pt`, `.bin`), and never runs what is in it: the pickle is read by a machine that knows dictionaries,
 * lists, numbers, texts and tensors, and no more.
 *
 * @param bytes the whole file
 * @returns tensors under dotted names, in memory of their own, and the names of what was left out; strides, offsets and shared storages are honored
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when the file is damaged, asks for anything of Python that is not a tensor (the name is in the message, with the way
 * out), is older than PyTorch 1.6, holds a program of TorchScript, or has sizes that do not fit
 * @see https://docs.pytorch.org/docs/stable/notes/serialization.html
 * @remarks Float, half, bfloat16 and double become F32 (double is rounded); integers of 8 to 64 bits become I32, but for unsigned bytes; 64-bit integers that do not
 * fit, complex numbers and types without a storage of their own are named in `left`. `argparse.Namespace`, NumPy scalars and the like are left out, too.
 * @example
 * ```ts
 * import { readFile } from 'node:fs/promises';
 * import { decodePytorch } from '@selfsup/safetensors/pytorch';
 * const { tensors, left } = decodePytorch(await readFile('resnet18.pth'));
 * console.log(tensors.get('conv1.weight')?.shape, left);
 * ```
 */
export function decodePytorch(bytes: Uint8Array): PytorchFile {
  assertZip(bytes);
  const entries = readZip(bytes);
  const folder = folderOf(entries);
  assertLittleEndian(bytes, entries.get(`${folder}byteorder`));
  const pickle = entries.get(`${folder}data.pkl`)!;
  if (pickle.size > LARGEST_PICKLE) fail(`data.pkl must have at most ${LARGEST_PICKLE} bytes, has ${pickle.size}`);
  const found = collectTensors(unpickle(readZipEntry(bytes, pickle)));
  const entryOf = ({ storage }: PickledTensor) => entries.get(`${folder}data/${storage.key}`);
  assertBounds(found.tensors, entryOf, Math.max(LARGEST_SMALL, LARGEST_GROWTH * bytes.length));
  const [tensors, left, storages] = [new Map<string, SafetensorsTensor>(), [...found.left], new Map<string, Uint8Array>()];
  for (const [name, tensor] of found.tensors) {
    const { key } = tensor.storage;
    const storage = storages.get(key) ?? readZipEntry(bytes, entryOf(tensor)!);
    storages.set(key, storage);
    const values = readTensor(tensor, storage);
    if (values) tensors.set(name, values);
    else left.push(name);
  }
  return { tensors, left };
}
