// The county on a canvas: its outline, rights, zones and all cases. Drag to move, wheel to zoom, click to open.

import { h } from './dom.js';
import { model, stateOf } from './model.js';
import { t } from './words.js';

const INK = { town: '#c2c8cf', field: '#b9a24a', zone: '#2e7d32', approval: '#00838f', legacy: '#7b3fa0', right: '#1f5fbf' };
const FILL = { zone: 'rgba(46,125,50,.10)', right: 'rgba(31,95,191,.08)', approval: 'rgba(0,131,143,.08)', legacy: 'rgba(123,63,160,.08)' };
const SEVERITY = { 3: '#c8102e', 2: '#e8731a', 1: '#d9a400' };
const NEAR_PX = 10;
const CLOSE_M = 2500;

const outside = (a, b) => a[0] > b[2] || a[2] < b[0] || a[1] > b[3] || a[3] < b[1];

function boundsOf(shape) {
  if (!shape.bounds) {
    const found = [Infinity, Infinity, -Infinity, -Infinity];
    for (const ring of shape.rings) {
      for (let k = 0; k < ring.length; k += 1) {
        found[k % 2] = Math.min(found[k % 2], ring[k]);
        found[2 + (k % 2)] = Math.max(found[2 + (k % 2)], ring[k]);
      }
    }
    shape.bounds = found;
  }
  return shape.bounds;
}

export class CountyMap {
  constructor(open) {
    this.open = open;
    this.canvas = h('canvas', { class: 'county', 'aria-label': t.map });
    this.element = h('div', { class: 'mapbox' }, this.canvas);
    this.current = null;
    this.view = null;
    new ResizeObserver(() => this.resize()).observe(this.element);
    this.canvas.addEventListener('wheel', (event) => this.zoom(event), { passive: false });
    this.canvas.addEventListener('pointerdown', (event) => this.grab(event));
    this.canvas.addEventListener('pointermove', (event) => this.drag(event));
    this.canvas.addEventListener('pointerup', (event) => this.drop(event));
  }

  resize() {
    const { clientWidth: width, clientHeight: height } = this.element;
    if (!width || !height || !model.map) return;
    const dense = window.devicePixelRatio || 1;
    this.canvas.width = width * dense;
    this.canvas.height = height * dense;
    const whole = this.view === null || this.view.whole;
    if (whole) this.fit();
    this.draw();
  }

  // The whole county.
  fit() {
    const [west, north, east, south] = model.map.bounds;
    const { clientWidth: width, clientHeight: height } = this.element;
    const scale = Math.min(width / (east - west), height / (south - north)) * 0.94;
    this.view = { scale, x: (west + east) / 2, y: (north + south) / 2, whole: true };
  }

  reset() {
    this.view = null;
    this.resize();
  }

  show(current, near) {
    this.current = current;
    const row = current && model.byId.get(current);
    if (row && near && this.element.clientWidth) {
      const scale = this.element.clientWidth / (2 * CLOSE_M);
      this.view = { scale: Math.max(this.view && !this.view.whole ? this.view.scale : scale, scale / 4), x: row.x, y: row.y, whole: false };
    }
    this.draw();
  }

  place(x, y) {
    const { clientWidth: width, clientHeight: height } = this.element;
    return [width / 2 + (x - this.view.x) * this.view.scale, height / 2 + (y - this.view.y) * this.view.scale];
  }

  draw() {
    cancelAnimationFrame(this.planned);
    this.planned = requestAnimationFrame(() => this.paint());
  }

  paint() {
    if (!this.view || !model.map || !this.element.clientWidth) return;
    const pen = this.canvas.getContext('2d');
    const dense = window.devicePixelRatio || 1;
    pen.setTransform(dense, 0, 0, dense, 0, 0);
    pen.clearRect(0, 0, this.element.clientWidth, this.element.clientHeight);
    this.trace(pen, model.map.area);
    pen.fillStyle = '#fbfaf6';
    pen.fill();
    pen.strokeStyle = '#303030';
    pen.lineWidth = 1.4;
    pen.stroke();
    const seen = this.seen();
    for (const shape of model.map.shapes) {
      if (outside(boundsOf(shape), seen)) continue;
      this.trace(pen, shape.rings);
      if (FILL[shape.kind]) {
        pen.fillStyle = FILL[shape.kind];
        pen.fill('evenodd');
      }
      pen.setLineDash(shape.kind === 'legacy' ? [5, 3] : []);
      pen.strokeStyle = INK[shape.kind];
      pen.lineWidth = shape.kind === 'right' ? 1.3 : 0.9;
      pen.stroke();
    }
    pen.setLineDash([]);
    this.points(pen);
  }

  // West, north, east and south of what the canvas shows.
  seen() {
    const [dx, dy] = [this.element.clientWidth / 2 / this.view.scale, this.element.clientHeight / 2 / this.view.scale];
    return [this.view.x - dx, this.view.y - dy, this.view.x + dx, this.view.y + dy];
  }

  trace(pen, rings) {
    pen.beginPath();
    for (const ring of rings) {
      for (let k = 0; k < ring.length; k += 2) {
        const [x, y] = this.place(ring[k], ring[k + 1]);
        if (k) pen.lineTo(x, y);
        else pen.moveTo(x, y);
      }
      pen.closePath();
    }
  }

  points(pen) {
    const small = model.shown.length > 800 ? 2.6 : 4.5;
    for (const row of model.shown.toReversed()) {
      const [x, y] = this.place(row.x, row.y);
      if (x < -9 || y < -9 || x > this.element.clientWidth + 9 || y > this.element.clientHeight + 9) continue;
      const open = stateOf(row.id).review === 'pending';
      pen.beginPath();
      pen.arc(x, y, small, 0, 7);
      pen.fillStyle = open ? SEVERITY[row.severity] : '#ffffff';
      pen.fill();
      pen.strokeStyle = open ? '#ffffff' : SEVERITY[row.severity];
      pen.lineWidth = open ? 1 : 1.6;
      pen.stroke();
    }
    const row = this.current && model.byId.get(this.current);
    if (!row) return;
    const [x, y] = this.place(row.x, row.y);
    pen.beginPath();
    pen.arc(x, y, 10, 0, 7);
    pen.strokeStyle = '#000';
    pen.lineWidth = 2.4;
    pen.stroke();
  }

  zoom(event) {
    event.preventDefault();
    if (!this.view) return;
    const box = this.canvas.getBoundingClientRect();
    const [dx, dy] = [event.clientX - box.left - box.width / 2, event.clientY - box.top - box.height / 2];
    const factor = event.deltaY < 0 ? 1.3 : 1 / 1.3;
    const scale = Math.min(Math.max(this.view.scale * factor, 1e-4), 1);
    this.view = { x: this.view.x + dx / this.view.scale - dx / scale, y: this.view.y + dy / this.view.scale - dy / scale, scale, whole: false };
    this.draw();
  }

  grab(event) {
    this.held = { x: event.clientX, y: event.clientY, moved: false, from: this.view };
    this.canvas.setPointerCapture(event.pointerId);
  }

  drag(event) {
    if (!this.held || !this.view) return;
    const [dx, dy] = [event.clientX - this.held.x, event.clientY - this.held.y];
    if (Math.hypot(dx, dy) > 3) this.held.moved = true;
    if (!this.held.moved) return;
    this.view = { ...this.held.from, x: this.held.from.x - dx / this.held.from.scale, y: this.held.from.y - dy / this.held.from.scale, whole: false };
    this.draw();
  }

  drop(event) {
    const { held } = this;
    this.held = null;
    if (!held || held.moved) return;
    const box = this.canvas.getBoundingClientRect();
    let best = null;
    for (const row of model.shown) {
      const [x, y] = this.place(row.x, row.y);
      const far = Math.hypot(x - (event.clientX - box.left), y - (event.clientY - box.top));
      if (far < NEAR_PX && (!best || far < best.far)) best = { far, id: row.id };
    }
    if (best) this.open(best.id);
  }
}
