import type { SurveyedBackend } from '@selfsup/backends';

/** GFLOP/s of convolutions and their gradients, for people. */
const speedOf = ({ speed }: SurveyedBackend): string => {
  if (speed === undefined) return '';
  const { convolutions } = speed;
  return `${convolutions >= 10 ? Math.round(convolutions) : convolutions.toPrecision(2)} GFLOP/s`;
};

/** The backend that `auto` would take. */
export const automatic = (found: readonly SurveyedBackend[]): SurveyedBackend | undefined =>
  found.find(({ works, byItself }) => works && byItself);

/** Fills a select box with what computes here; what does not is there, too, but cannot be chosen. */
export function fillBackends(select: HTMLSelectElement, found: readonly SurveyedBackend[]): void {
  const chosen = select.value || 'auto';
  const best = automatic(found);
  const options = [
    new Option(best ? `Automatic (${best.name})` : 'Automatic', 'auto'),
    ...found.map(
      (backend) => new Option(backend.works ? `${backend.name}, ${speedOf(backend)}` : `${backend.name}, not here`, backend.name),
    ),
  ];
  found.forEach(({ works }, i) => {
    options[i + 1]!.disabled = !works;
  });
  select.replaceChildren(...options);
  select.value = [...select.options].some(({ value, disabled }) => value === chosen && !disabled) ? chosen : 'auto';
}

/** Lists what was found of each backend, and why it does not work or is not taken. */
export function listBackends(list: HTMLElement, found: readonly SurveyedBackend[]): void {
  list.replaceChildren(
    ...found.map((backend) => {
      const item = document.createElement('li');
      item.classList.toggle('works', backend.works);
      const name = document.createElement('strong');
      name.textContent = backend.name;
      const { works, byItself, reason, description = '' } = backend;
      const details = [
        description.replace(`${backend.name} (`, '(').replace(/^\((.*)\)$/, '$1'),
        speedOf(backend),
        works && !byItself ? `Not chosen automatically: ${reason}` : (reason ?? ''),
      ];
      item.append(name, ` ${details.filter((part) => part).join('. ')}`);
      return item;
    }),
  );
}
