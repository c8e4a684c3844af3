/** The page's only script: what a dot of a map stands for, under the pointer or at the keyboard's place, and one group at a time. */
export const script = `(() => {
  for (const map of document.querySelectorAll('.map')) {
    const { members, names, items } = JSON.parse(map.querySelector('script').textContent);
    const plane = map.querySelector('.dots');
    const peek = map.querySelector('.peek');
    const spoken = map.querySelector('[aria-live]');
    const buttons = [...map.querySelectorAll('button')];
    const dots = [...plane.querySelectorAll('[ecmeta_data_index]')];
    const groupOf = (dot) => Number(dot.getAttribute('ecmeta_series_index'));
    const make = (name, text) => Object.assign(document.createElement(name), { textContent: text });
    let current, pressed;
    const show = (dot) => {
      if (current) current.classList.remove('at');
      current = dot;
      peek.hidden = !dot;
      if (!dot) return;
      dot.classList.add('at');
      const item = items[members[groupOf(dot)][Number(dot.getAttribute('ecmeta_data_index'))]] || {};
      const name = names[groupOf(dot)];
      peek.replaceChildren();
      if (item.image) peek.append(Object.assign(document.createElement('img'), { src: item.image, alt: '' }));
      else if (item.text) peek.append(make('p', item.text));
      if (name && name !== item.caption) peek.append(make('b', name));
      if (item.caption) peek.append(make('span', item.caption));
      if (!peek.firstChild) { peek.hidden = true; return; }
      const box = plane.getBoundingClientRect(), spot = dot.getBoundingClientRect();
      const x = spot.left + spot.width / 2 - box.left, y = spot.top - box.top;
      const place = () => {
        peek.style.left = Math.max(0, Math.min(box.width - peek.offsetWidth, x - peek.offsetWidth / 2)) + 'px';
        peek.style.top = (y > peek.offsetHeight + 8 ? y - peek.offsetHeight - 8 : y + spot.height + 8) + 'px';
      };
      place();
      const image = peek.querySelector('img');
      if (image) image.decode().then(place, () => {});
    };
    const speak = () => {
      spoken.textContent = current ? [...peek.children].map((part) => part.textContent).filter(Boolean).join(', ') : '';
    };
    const dotAt = (event) => event.target.closest('[ecmeta_data_index]');
    plane.addEventListener('pointermove', (event) => { const dot = dotAt(event); if (dot !== current) show(dot); });
    plane.addEventListener('pointerdown', (event) => { show(dotAt(event)); });
    plane.addEventListener('pointerleave', (event) => { if (event.pointerType !== 'touch') show(null); });
    plane.addEventListener('blur', () => { show(null); });
    plane.addEventListener('keydown', (event) => {
      const open = dots.filter((dot) => pressed === undefined || groupOf(dot) === pressed);
      const toward = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (event.key === 'Escape') show(null);
      else if (event.key === 'Home') show(open[0]);
      else if (event.key === 'End') show(open[open.length - 1]);
      else if (toward) {
        const middle = (dot) => { const { left, top, width, height } = dot.getBoundingClientRect(); return [left + width / 2, top + height / 2]; };
        const [x, y] = current ? middle(current) : [0, 0];
        let best = current ? undefined : open[0], least = Infinity;
        for (const dot of current ? open : []) {
          const [dx, dy] = middle(dot).map((value, axis) => value - [x, y][axis]);
          const along = dx * toward[0] + dy * toward[1], across = Math.abs(dx * toward[1]) + Math.abs(dy * toward[0]);
          if (dot !== current && along > 0.5 && along + 2 * across < least) { least = along + 2 * across; best = dot; }
        }
        if (best) show(best);
      } else return;
      event.preventDefault();
      speak();
    });
    const light = (group) => {
      plane.classList.toggle('dim', group !== undefined);
      for (const dot of dots) dot.classList.toggle('on', groupOf(dot) === group);
    };
    for (const button of buttons) {
      const group = Number(button.dataset.group);
      for (const type of ['pointerenter', 'focus']) button.addEventListener(type, () => { light(group); });
      for (const type of ['pointerleave', 'blur']) button.addEventListener(type, () => { light(pressed); });
      button.addEventListener('click', () => {
        pressed = pressed === group ? undefined : group;
        for (const other of buttons) other.setAttribute('aria-pressed', String(Number(other.dataset.group) === pressed));
        light(pressed);
      });
    }
  }
  // small pictures keep their pixels, large ones are scaled down smoothly
  for (const image of document.querySelectorAll('.item img')) {
    const look = () => { image.classList.toggle('large', image.naturalHeight > 152); };
    if (image.complete) look(); else image.addEventListener('load', look);
  }
})();`;

/** The SHA-256 of {@link script}, as the page's Content-Security-Policy names it. */
export const scriptHash = 'sha256-4jX2TqElxV71RYOuMKMZN/qfDRqwEB8dtuYvFuy+jxU=';
