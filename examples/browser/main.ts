import { learn, type Message } from './learn.ts';
import { learnInWorker } from './learn-in-worker.ts';
import { madeUpPictures } from './made-up-pictures.ts';
import { showNeighbors } from './show-neighbors.ts';
import './wasm-files.ts';

const find = (id: string) => document.getElementById(id)!;
const [log, progress] = [find('log'), find('progress') as HTMLProgressElement];
const pictures = await madeUpPictures(1500);

function write(line: string): void {
  log.append(`${line}\n`);
  log.scrollTop = log.scrollHeight;
}

function offer(encoder: Uint8Array<ArrayBuffer>): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([encoder]));
  link.download = 'encoder.safetensors';
  link.textContent = 'Download the encoder';
  find('encoder').replaceChildren(link);
}

function show(message: Message): void {
  if (message.type === 'start') {
    progress.max = message.totalSteps;
    write(`${message.train} pictures to learn from, ${message.test} to judge by, ${message.backendDescription}`);
  } else if (message.type === 'step') progress.value = message.step;
  else if (message.type === 'epoch') write(`Epoch ${message.epoch}: loss ${message.loss.toFixed(3)}`);
  else if (message.type === 'probe') write(message.text);
  else if (message.type === 'end') {
    for (const line of message.result.verdict) write(line);
    offer(new Uint8Array(message.encoder));
  } else if (message.type === 'features') showNeighbors(find('neighbors'), { pictures, features: message });
}

const buttons = { 'in-worker': learnInWorker, 'on-page': learn };

function enable(enabled: boolean): void {
  for (const id of Object.keys(buttons)) (find(id) as HTMLButtonElement).disabled = !enabled;
}

for (const [id, start] of Object.entries(buttons))
  find(id).onclick = () => {
    enable(false);
    log.textContent = '';
    start({ pictures, epochs: (find('epochs') as HTMLInputElement).valueAsNumber }, show)
      .catch((error: unknown) => {
        write(String(error));
      })
      .finally(() => {
        enable(true);
      });
  };
enable(true);
