// An outline drawn over the picture, corner by corner; the machine's stays beside it.

import { h, replace, svg } from './dom.js';
import { t } from './words.js';

const NEAR_PX = 9;
const TWICE_MS = 350;

export class Drawing {
  constructor(viewer, save) {
    this.viewer = viewer;
    this.save = save;
    this.layer = svg('svg', { class: 'drawing', preserveAspectRatio: 'none' });
    this.hint = h('div', { class: 'drawhint' });
    this.layer.addEventListener('pointerdown', (event) => this.down(event));
    this.layer.addEventListener('pointermove', (event) => this.move(event));
    this.layer.addEventListener('pointerup', () => (this.held = null));
  }

  get on() {
    return Boolean(this.viewer.drawing);
  }

  begin() {
    if (this.on || !this.viewer.said) return;
    const { rows, cols } = this.viewer.said.place;
    this.corners = [];
    this.closed = false;
    this.last = 0;
    this.viewer.drawing = true;
    if (this.viewer.mode !== 'swipe') this.viewer.setMode('swipe');
    this.viewer.at = 0;
    this.viewer.place();
    this.layer.setAttribute('viewBox', `0 0 ${cols} ${rows}`);
    this.viewer.stage.append(this.layer);
    this.viewer.tools.hidden = true;
    this.viewer.element.prepend(this.hint);
    this.show();
  }

  end() {
    this.viewer.drawing = false;
    this.viewer.at = 0.5;
    this.layer.remove();
    this.hint.remove();
    this.viewer.tools.hidden = false;
    this.viewer.place();
  }

  at(event) {
    const box = this.layer.getBoundingClientRect();
    const { rows, cols } = this.viewer.said.place;
    return [((event.clientX - box.left) / box.width) * cols, ((event.clientY - box.top) / box.height) * rows];
  }

  down(event) {
    event.preventDefault();
    event.stopPropagation();
    const point = this.at(event);
    const near = this.corners.findIndex(([x, y]) => Math.hypot(x - point[0], y - point[1]) * this.viewer.scale < NEAR_PX);
    const twice = event.timeStamp - this.last < TWICE_MS;
    this.last = event.timeStamp;
    this.layer.setPointerCapture(event.pointerId);
    if (!this.closed && this.corners.length > 2 && (near === 0 || (twice && near === this.corners.length - 1))) this.closed = true;
    else if (near >= 0) this.held = near;
    else if (!this.closed) this.corners.push(point);
    this.show();
  }

  move(event) {
    if (this.held === null || this.held === undefined) return;
    this.corners[this.held] = this.at(event);
    this.show();
  }

  key(name) {
    if (name === 'Escape') this.end();
    else if (name === 'Backspace') {
      this.closed = false;
      this.corners.pop();
      this.show();
    } else if (name === 'Enter') this.finish();
  }

  finish() {
    if (this.corners.length < 3) return;
    const { top, left } = this.viewer.said.place;
    const points = this.corners.map(([x, y]) => [Number((left + x).toFixed(3)), Number((top + y).toFixed(3))]);
    this.end();
    this.save(points);
  }

  show() {
    const d = this.corners.map(([x, y], k) => `${k ? 'L' : 'M'}${x} ${y}`).join('') + (this.closed ? 'Z' : '');
    const size = 5 / this.viewer.scale;
    replace(this.layer, svg('path', { class: 'halo', d }), svg('path', { class: 'line drawn', d }), this.corners.map(([cx, cy]) => svg('circle', { class: 'corner', cx, cy, r: size })));
    const button = (text, act, kind) => h('button', { type: 'button', class: `tool ${kind || ''}`, onclick: act }, text);
    replace(this.hint, h('span', {}, t.drawHint), this.corners.length > 2 && button(t.drawSave, () => this.finish(), 'primary'),
      this.viewer.said.drawn && button(t.drawDrop, () => { this.end(); this.save(null); }), button(t.cancel, () => this.end()));
  }
}
