/** The page's only script: a picture under the pointer on the map, and one class at a time. The data lies in `<script id="map-data">`. */
export const script = `
(() => {
  const source = document.getElementById('map-data');
  const figure = document.getElementById('map');
  if (!source || !figure) return;
  const { members, names, sprite } = JSON.parse(source.textContent);
  const peek = document.getElementById('peek');
  const tile = peek.querySelector('.tile');
  const text = peek.querySelector('span');
  const side = 96;
  tile.style.backgroundImage = 'url(' + sprite.uri + ')';
  tile.style.backgroundSize = sprite.columns * side + 'px ' + sprite.rows * side + 'px';
  const show = (event) => {
    const dot = event.target.closest && event.target.closest('[ecmeta_data_index]');
    if (!dot) { peek.hidden = true; return; }
    const label = Number(dot.getAttribute('ecmeta_series_index'));
    const number = members[label][Number(dot.getAttribute('ecmeta_data_index'))];
    tile.style.backgroundPosition = -(number % sprite.columns) * side + 'px ' + -Math.floor(number / sprite.columns) * side + 'px';
    text.textContent = names[label] || '';
    peek.hidden = false;
    const box = figure.getBoundingClientRect();
    const x = event.clientX - box.left, y = event.clientY - box.top;
    peek.style.left = Math.max(0, Math.min(box.width - peek.offsetWidth, x + 14)) + 'px';
    peek.style.top = (y > peek.offsetHeight + 20 ? y - peek.offsetHeight - 12 : y + 18) + 'px';
  };
  figure.addEventListener('pointermove', show);
  figure.addEventListener('pointerdown', show);
  figure.addEventListener('pointerleave', () => { peek.hidden = true; });
  const buttons = [...document.querySelectorAll('.map button')];
  const dots = [...figure.querySelectorAll('[ecmeta_data_index]')];
  const light = (label) => {
    figure.classList.toggle('dim', label !== undefined);
    for (const dot of dots) dot.classList.toggle('on', Number(dot.getAttribute('ecmeta_series_index')) === label);
  };
  let pressed;
  for (const button of buttons) {
    const label = Number(button.dataset.label);
    button.addEventListener('pointerenter', () => { light(label); });
    button.addEventListener('pointerleave', () => { light(pressed); });
    button.addEventListener('click', () => {
      pressed = pressed === label ? undefined : label;
      for (const other of buttons) other.setAttribute('aria-pressed', String(Number(other.dataset.label) === pressed));
      light(pressed);
    });
  }
})();
`;
