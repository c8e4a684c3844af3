import { automatic, fillBackends, listBackends } from './choose-backend.ts';
import { drawChart, type Point } from './draw-chart.ts';
import { drawPicture } from './draw-picture.ts';
import type { Features, Message, Pictures } from './learn.ts';
import { learnInWorker, surveyInWorker, type Course } from './learn-in-worker.ts';
import { madeUpPictures } from './made-up-pictures.ts';
import { ownPictures } from './own-pictures.ts';
import { showNeighbors } from './show-neighbors.ts';
import { toNpy } from './to-npy.ts';

const find = (id: string): HTMLElement => document.getElementById(id)!;
const [select, backend, epochs] = [
  find('pictures') as HTMLSelectElement,
  find('backend') as HTMLSelectElement,
  find('epochs') as HTMLInputElement,
];
const [start, pause, stop] = [find('start') as HTMLButtonElement, find('pause') as HTMLButtonElement, find('stop') as HTMLButtonElement];
const [progress, status, files] = [find('progress') as HTMLProgressElement, find('status'), find('files') as HTMLInputElement];
const [gallery, neighbors] = [find('gallery'), find('neighbors')];

/** How many pictures are there to choose from. */
const GALLERY = 48;

let pictures: Pictures;
let course: Course | undefined;
let chosen = 0;
let before: Features | undefined;
let now: { epoch: number; features: Features } | undefined;
let losses: Point[] = [];
let accuracies: Point[] = [];
let baselines: Record<string, number> = {};
let plan = { totalSteps: 1, epochs: Number(epochs.value), description: '' };

function say(text: string, failed = false): void {
  status.textContent = text;
  status.classList.toggle('failed', failed);
}

function drawCharts(): void {
  const percent = (value: number) => `${Math.round(value)} %`;
  drawChart(find('loss-chart'), {
    points: losses,
    end: plan.totalSteps,
    unit: 'updates',
    write: (value) => String(Number(value.toFixed(2))),
  });
  drawChart(find('knn-chart'), { points: accuracies, end: plan.epochs, unit: 'epochs', write: percent, dots: true, baselines });
  find('loss-value').textContent = losses.at(-1)?.[1].toFixed(3) ?? '';
  const accuracy = accuracies.at(-1)?.[1];
  find('knn-value').textContent = accuracy === undefined ? '' : `${accuracy.toFixed(1)} %`;
}

function drawNeighbors(): void {
  const stages = [
    ...(before ? [{ title: 'Before training', features: before }] : []),
    ...(now ? [{ title: `After epoch ${now.epoch}`, features: now.features }] : []),
  ];
  if (stages.length > 0) showNeighbors(neighbors, { pictures, chosen, stages });
  else neighbors.replaceChildren();
}

function choose(index: number): void {
  chosen = index;
  for (const [i, button] of [...gallery.children].entries()) button.setAttribute('aria-pressed', String(i === chosen));
  drawNeighbors();
}

function offer(id: string, bytes?: Uint8Array<ArrayBuffer>): void {
  const link = find(id) as HTMLAnchorElement;
  if (link.href) URL.revokeObjectURL(link.href);
  link.setAttribute('aria-disabled', String(bytes === undefined));
  if (bytes === undefined) {
    link.removeAttribute('href');
    return;
  }
  link.href = URL.createObjectURL(new Blob([bytes]));
  link.download = link.textContent;
}

function forget(): void {
  [before, now, losses, accuracies, baselines] = [undefined, undefined, [], [], {}];
  offer('encoder');
  offer('embeddings');
  drawCharts();
  drawNeighbors();
}

function usePictures(next: Pictures): void {
  pictures = next;
  const count = Math.min(GALLERY, next.shape[0]);
  gallery.replaceChildren(
    ...Array.from({ length: count }, (_, i) => {
      const button = document.createElement('button');
      button.setAttribute('aria-label', `Picture ${i + 1}`);
      button.append(drawPicture(next, i));
      button.onclick = () => {
        choose(i);
      };
      return button;
    }),
  );
  find('knn-text').hidden = false;
  forget();
  choose(0);
}

function show(message: Message): void {
  if (message.type === 'start') {
    const { totalSteps, backendDescription: description } = message;
    plan = { totalSteps, epochs: message.epochs, description };
    say(`Computes on ${description}.`);
  } else if (message.type === 'step') {
    progress.value = message.step / plan.totalSteps;
    losses.push([message.step, message.loss]);
  } else if (message.type === 'epoch') {
    say(`Epoch ${message.epoch} of ${plan.epochs}, ${Math.round(message.perSecond)} pictures per second on ${plan.description}.`);
  } else if (message.type === 'probe' && message.probe === 'knn') {
    const { knn, untrained = 0, ...others } = message.measures;
    if (knn === undefined) {
      baselines = { untrained, ...Object.fromEntries(Object.entries(others).map(([name, value]) => [`by ${name}`, value])) };
      accuracies.push([0, untrained]);
    } else accuracies.push([message.epoch, knn]);
  } else if (message.type === 'features') {
    if (message.epoch === 0) before ??= message.features;
    else now = message;
    drawNeighbors();
  } else if (message.type === 'encoder') {
    offer('encoder', new Uint8Array(message.bytes));
    if (now) offer('embeddings', toNpy(now.features));
  } else if (message.type === 'end')
    say(`${message.result.steps} updates in ${Math.round(message.result.seconds)} s on ${plan.description}.`);
  else if (message.type === 'stopped') say(`Stopped after ${message.step} of ${message.totalSteps} updates; what was learned is kept.`);
  else if (message.type === 'notice' && message.level === 'warning') say(message.text, true);
  if (message.type !== 'progress') drawCharts();
}

function setRunning(running: boolean): void {
  start.disabled = running;
  for (const field of [select, epochs, backend]) field.disabled = running;
  for (const button of [pause, stop]) button.disabled = !running;
  pause.textContent = 'Pause';
}

let endSurvey: (() => void) | undefined;

/** Finds out what computes here; training ends that, and it begins again afterwards. */
function lookAround(): void {
  const summary = find('backends-summary');
  summary.textContent = 'Looking what computes here …';
  endSurvey = surveyInWorker({
    trying: (name) => {
      summary.textContent = `Looking what computes here: ${name} …`;
    },
    found: (found) => {
      endSurvey = undefined;
      fillBackends(backend, found);
      listBackends(find('backend-list'), found);
      const works = found.filter((one) => one.works).map(({ name }) => name);
      summary.textContent = works.length > 0 ? `What computes here: ${works.join(', ')}` : 'Nothing was found that computes here';
      if (automatic(found) === undefined && works.length > 0) backend.value = works[0]!;
    },
  });
}

async function run(): Promise<void> {
  const surveying = endSurvey !== undefined;
  endSurvey?.();
  forget();
  progress.value = 0;
  plan = { totalSteps: 1, epochs: epochs.valueAsNumber, description: '' };
  say('Begins …');
  setRunning(true);
  course = learnInWorker({ pictures, epochs: epochs.valueAsNumber, backend: backend.value }, show);
  try {
    await course.done;
  } catch (error) {
    say((error as Error).message, true);
  }
  course = undefined;
  setRunning(false);
  if (surveying) lookAround();
}

start.onclick = () => {
  if (epochs.reportValidity()) void run();
};
pause.onclick = () => {
  const pausing = pause.textContent === 'Pause';
  if (pausing) course?.pause();
  else course?.goOn();
  pause.textContent = pausing ? 'Go on' : 'Pause';
  say(pausing ? 'Paused.' : 'Goes on …');
};
stop.onclick = () => {
  stop.disabled = pause.disabled = true;
  say('Stops after the update under way …');
  course?.stop();
};

const wishes = new URLSearchParams(location.search); // such as index.html?backend=webgl&size=16
const size = Number(wishes.get('size') ?? 24);
let shown = '1500';
select.append(
  ...[200, 600, 1500].map((count) => new Option(`${count} made-up shapes`, String(count))),
  new Option('Pictures of yours …', 'own'),
);
select.value = shown;
select.onchange = () => {
  if (select.value === 'own') files.click();
  else void madeUpPictures(Number((shown = select.value)), size).then(usePictures);
};
files.oncancel = () => {
  select.value = shown;
};
files.onchange = async () => {
  const own = await ownPictures(files.files ?? []);
  files.value = '';
  if (own.shape[0] >= 64) {
    usePictures(own);
    find('knn-text').textContent = 'Pictures without labels: there is nothing to measure with. Look at the neighbors.';
    return;
  }
  say(`These are ${own.shape[0]} pictures; choose at least 64.`, true);
  select.value = shown;
};

fillBackends(backend, []);
const asked = wishes.get('backend');
if (asked !== null) {
  backend.add(new Option(asked, asked));
  backend.value = asked;
}
lookAround();
usePictures(await madeUpPictures(Number(shown), size));
start.disabled = false;
