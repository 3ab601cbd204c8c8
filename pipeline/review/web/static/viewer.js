// Two dates of a case on the very same cells: swiped, blinked or side by side, with the outlines over them.

import { address } from './api.js';
import { h, options, replace, svg } from './dom.js';
import { model } from './model.js';
import { t } from './words.js';

const BLINK_MS = 650;
const WIDER = [1, 2, 4];
const SWIPE = 0.5;

export const pictureOf = (id, pair, which, view, wider) => address(`/api/case/${id}/picture`, { before: pair[0], after: pair[1], which, view, wider });

export class Viewer {
  // changed: called with a case once its pictures are there. draw: begins an outline; null for who may not.
  constructor(changed, draw) {
    this.changed = changed;
    this.mode = 'swipe';
    this.view = 'natural';
    this.wider = 1;
    this.lined = true;
    this.at = SWIPE;
    this.case = null;
    this.pair = null;
    this.looks = new Map();
    this.flight = null;
    const button = (name, act) => h('button', { type: 'button', class: 'tool', title: t[name], onclick: act }, t[name]);
    const group = (names, act) => Object.fromEntries(names.map((name) => [name, button(name, () => act(name))]));
    this.modes = group(['swipe', 'blink', 'both'], (name) => this.setMode(name));
    this.views = group(['natural', 'infrared'], (name) => this.setView(name));
    this.lineButton = button('lines', () => this.toggleLines());
    this.wideButton = h('button', { type: 'button', class: 'tool', title: `${t.wider} (+ −)`, onclick: () => this.widen(1, true) });
    this.flightButton = h('button', { type: 'button', class: 'tool', title: `${t.drone} (X)`, hidden: true, onclick: () => this.turnFlight() }, t.drone);
    this.dates = ['before', 'after'].map((name, which) => h('select', { class: 'date', 'aria-label': t[name], onchange: (event) => this.setDay(which, event.target.value) }));
    this.tools = h('div', { class: 'tools' }, h('label', {}, t.before, this.dates[0]), h('label', {}, t.after, this.dates[1]), h('span', { class: 'gap' }),
      h('span', { class: 'group' }, Object.values(this.views)), h('span', { class: 'group' }, Object.values(this.modes)), this.flightButton, this.wideButton, this.lineButton,
      draw && h('button', { type: 'button', class: 'tool draw', title: `${t.draw} (E)`, onclick: draw }, t.draw));
    this.images = [0, 1].map(() => h('img', { class: 'picture', alt: '', draggable: 'false' }));
    this.panes = this.images.map((image, which) => h('div', { class: `pane p${which}` }, image, svg('svg', { class: 'lines', preserveAspectRatio: 'none' }), h('span', { class: 'stamp' })));
    this.drone = h('img', { class: 'drone', alt: '', draggable: 'false', hidden: true, onerror: () => this.setFlight(null) });
    this.panes[1].querySelector('svg').before(this.drone);
    this.handle = h('div', { class: 'handle' }, h('span', {}, '⇆'));
    this.bar = h('div', { class: 'bar' });
    this.message = h('div', { class: 'message', hidden: true });
    this.stage = h('div', { class: 'stage' }, this.panes, this.handle, this.bar, this.message);
    this.frame = h('div', { class: 'frame' }, this.stage);
    this.element = h('section', { class: 'viewer' }, this.tools, this.frame);
    new ResizeObserver(() => this.fit()).observe(this.frame);
    this.followPointer();
  }

  followPointer() {
    let held = false;
    const move = (event) => {
      const box = this.stage.getBoundingClientRect();
      this.at = Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1);
      this.place();
    };
    this.stage.addEventListener('pointerdown', (event) => {
      if (this.mode !== 'swipe' || this.drawing) return;
      held = true;
      this.stage.setPointerCapture(event.pointerId);
      move(event);
    });
    this.stage.addEventListener('pointermove', (event) => held && move(event));
    for (const name of ['pointerup', 'pointercancel']) this.stage.addEventListener(name, () => (held = false));
  }

  // said: what the server tells of a case.
  async show(id, said) {
    const other = id !== this.case;
    this.case = id;
    this.said = said;
    if (other) {
      this.flight = null;
      this.looks = new Map();
      this.pair = this.usualPair(said.properties);
      this.at = SWIPE;
    }
    this.fillDates();
    this.fit();
    this.outline();
    this.layFlight();
    await this.load();
  }

  usualPair(row) {
    const days = model.days;
    const after = row.after_date || days.at(-1);
    return [row.before_date || days.filter((day) => day < after).at(-1) || after, after];
  }

  fillDates() {
    const label = (day) => {
      const look = this.looks.get(day);
      return look === undefined ? day : look === null ? `${day} ${t.uncovered}` : look < 0.9 ? `${day} ${t.cloudy}${Math.round((1 - look) * 100)}%` : `${day} ✓`;
    };
    for (const which of [0, 1]) options(this.dates[which], model.days.toReversed().map((day) => [day, label(day)]), this.pair[which]);
  }

  // What the time series found out about each day.
  setLooks(series) {
    const seen = new Map(series.looks.map(([day, , clear]) => [day, clear]));
    this.looks = new Map(model.days.filter((day) => day >= series.first && day <= series.last).map((day) => [day, seen.has(day) ? seen.get(day) : null]));
    this.fillDates();
  }

  async load() {
    const [id, pair, view, wider] = [this.case, [...this.pair], this.view, this.wider];
    const wanted = [0, 1].map((which) => pictureOf(id, pair, which, view, wider));
    this.wanted = wanted.join();
    const done = await Promise.allSettled(wanted.map((source, which) => this.bring(this.images[which], source)));
    if (this.wanted !== wanted.join()) return;
    const failed = done.some((each) => each.status === 'rejected');
    replace(this.message, failed ? t.noPicture : '');
    this.message.hidden = !failed;
    this.place();
    this.changed(id);
  }

  async bring(image, source) {
    if (image.getAttribute('src') === source && image.complete && image.naturalWidth) return;
    image.setAttribute('src', source);
    await image.decode();
  }

  fit() {
    if (!this.said) return;
    const { rows, cols, metres } = this.said.place;
    const [count, gap] = this.mode === 'both' ? [2, 6] : [1, 0];
    const room = [(this.frame.clientWidth - gap) / count, this.frame.clientHeight];
    const scale = Math.min(room[0] / cols, room[1] / rows);
    const [width, height] = [Math.max(Math.floor(cols * scale), 1), Math.max(Math.floor(rows * scale), 1)];
    this.stage.style.width = `${width * count + gap}px`;
    this.stage.style.height = `${height}px`;
    this.scale = scale;
    for (const pane of this.panes) {
      pane.style.width = `${width}px`;
      pane.style.height = `${height}px`;
    }
    this.panes[1].style.left = this.mode === 'both' ? `${width + gap}px` : '0';
    const most = (cols * metres) / 4;
    const power = 10 ** Math.floor(Math.log10(most));
    const length = [5, 2, 1].map((step) => step * power).find((each) => each <= most);
    this.bar.style.width = `${(length / metres) * scale}px`;
    replace(this.bar, h('span', {}, length >= 1000 ? `${length / 1000} km` : `${length} m`));
    this.place();
  }

  place() {
    const swiped = this.mode === 'swipe';
    const x = `${this.at * 100}%`;
    this.panes[0].style.clipPath = swiped ? `inset(0 calc(100% - ${x}) 0 0)` : '';
    this.panes[1].style.clipPath = swiped ? `inset(0 0 0 ${x})` : '';
    this.handle.hidden = !swiped;
    this.handle.style.left = x;
    this.stage.dataset.mode = this.mode;
    if (this.mode !== 'blink') for (const pane of this.panes) pane.hidden = false;
    for (const which of [0, 1]) replace(this.panes[which].querySelector('.stamp'), `${which ? t.after : t.before} ${this.pair?.[which] ?? ''}`, which && this.flight ? ` · ${t.drone} ${this.flight.captured}` : '');
    this.flightButton.setAttribute('aria-pressed', String(Boolean(this.flight)));
    for (const [name, button] of Object.entries(this.modes)) button.setAttribute('aria-pressed', String(name === this.mode));
    for (const [name, button] of Object.entries(this.views)) {
      button.setAttribute('aria-pressed', String(name === this.view));
      button.title = model.views[name] || '';
    }
    this.lineButton.setAttribute('aria-pressed', String(this.lined));
    replace(this.wideButton, `${t.wider}×${this.wider}`);
  }

  outline() {
    const { rows, cols } = this.said.place;
    const drawn = this.said.drawn && [['drawn', t.drawn, this.said.drawn.path]];
    for (const pane of this.panes) {
      const layer = pane.querySelector('svg.lines');
      layer.setAttribute('viewBox', `0 0 ${cols} ${rows}`);
      layer.style.display = this.lined ? '' : 'none';
      const path = ([kind, name, d]) => [svg('path', { class: `halo ${kind}`, d }), svg('path', { class: `line ${kind}`, d }, svg('title', {}, name))];
      replace(layer, [...this.said.lines, ...(drawn || [])].map(path));
    }
  }

  setMode(mode) {
    clearInterval(this.blinking);
    this.mode = mode;
    this.fit();
    if (mode !== 'blink') return;
    let shown = 1;
    const turn = () => {
      shown = 1 - shown;
      this.panes.forEach((pane, which) => (pane.hidden = which !== shown));
    };
    turn();
    this.blinking = setInterval(turn, BLINK_MS);
  }

  setView(view) {
    this.view = view;
    this.place();
    return this.load();
  }

  // A flight's orthophoto over the later date: none, the latest, the one before, …
  turnFlight() {
    const flights = this.said?.overlays || [];
    this.setFlight(flights[flights.indexOf(this.flight) + 1] || null);
  }

  setFlight(flight) {
    this.flight = flight;
    this.layFlight();
    this.place();
  }

  layFlight() {
    // What is known of the case may have been told anew meanwhile.
    this.flight = this.said.overlays.find((each) => each.flight === this.flight?.flight) || null;
    this.flightButton.hidden = !this.said.overlays.length;
    this.drone.hidden = !this.flight;
    if (this.flight) this.drone.setAttribute('src', address(`/api/case/${this.case}/flight/${this.flight.flight}`, { wider: this.wider }));
  }

  toggleLines() {
    this.lined = !this.lined;
    this.outline();
    this.place();
  }

  setDay(which, day) {
    if (!model.days.includes(day)) return;
    this.pair[which] = day;
    this.fillDates();
    this.load();
  }

  // Another clear date, earlier or later; any date where nothing is known of clouds.
  step(which, by) {
    const known = [...this.looks.values()].some((clear) => clear !== null);
    const days = model.days.filter((day) => !known || !this.looks.has(day) || (this.looks.get(day) ?? -1) >= 0.9 || day === this.pair[which]);
    const to = days[days.indexOf(this.pair[which]) + by];
    if (to) this.setDay(which, to);
  }

  widen(by, around) {
    const at = WIDER.indexOf(this.wider) + by;
    const to = around ? WIDER[at % WIDER.length] : WIDER[Math.min(Math.max(at, 0), WIDER.length - 1)];
    if (to === this.wider) return;
    this.wider = to;
    this.reload(this.case);
  }
}
