// The ground's time series against its own season. A look that is clicked is shown.

import { h, replace, svg } from './dom.js';
import { t } from './words.js';

const LEFT = 40, RIGHT = 10, TOP = 16, GAP = 8, BOTTOM = 18, STRIP = 9;
const LEAST_RANGE = 0.12;
const DAY_MS = 86400000;
const number = (day) => Date.parse(day) / DAY_MS;

export class Chart {
  constructor(choose) {
    this.choose = choose;
    this.canvas = svg('svg', { class: 'plots' });
    this.key = h('div', { class: 'key' }, ['season', 'clearLook', 'changedLook', 'cloudLook'].map((name) => h('span', { class: `k ${name}` }, h('i'), t[name])), h('span', { class: 'dim' }, t.seriesHint));
    this.element = h('section', { class: 'chart', title: '' }, this.key, h('div', { class: 'plotbox' }, this.canvas));
    new ResizeObserver(() => this.draw()).observe(this.element);
  }

  clear(text) {
    this.series = null;
    replace(this.canvas, svg('text', { x: 12, y: 24, class: 'dim' }, text));
  }

  show(series, row, pair) {
    Object.assign(this, { series, row, pair });
    this.draw();
  }

  mark(pair) {
    this.pair = pair;
    this.draw();
  }

  draw() {
    if (!this.series) return;
    const { clientWidth: width, clientHeight: height } = this.canvas.parentElement;
    if (width < 80 || height < 60) return;
    const { series } = this;
    this.canvas.setAttribute('viewBox', `0 0 ${width} ${height}`);
    const tall = (height - TOP - GAP - BOTTOM) / 2;
    const span = [number(series.first), number(series.last) + 1];
    const x = (day) => LEFT + ((number(day) - span[0]) / (span[1] - span[0])) * (width - LEFT - RIGHT);
    const plots = [['ndvi', 3, TOP], ['red', 4, TOP + tall + GAP]].map(([name, column, top]) => this.plot(name, column, top, tall, x, width));
    replace(this.canvas, this.months(x, height), plots, this.flags(x, height));
  }

  months(x, height) {
    const found = [];
    const day = new Date(this.series.first);
    for (; day <= new Date(this.series.last); day.setUTCMonth(day.getUTCMonth() + 1)) {
      const text = day.toISOString().slice(0, 10);
      found.push(svg('line', { class: day.getUTCMonth() ? 'grid' : 'grid year', x1: x(text), x2: x(text), y1: TOP, y2: height - BOTTOM }));
      if (day.getUTCMonth() % 3 === 0) found.push(svg('text', { class: 'axis', x: x(text), y: height - 5, 'text-anchor': 'middle' }, text.slice(0, 7)));
    }
    return found;
  }

  plot(name, column, top, tall, x, width) {
    const { series } = this;
    const usual = series.season && series.season[name];
    const values = series.looks.map((look) => look[column]).filter((value) => value !== null);
    if (usual) usual[0].forEach((value, k) => values.push(value - usual[1][k], value + usual[1][k]));
    let [low, high] = values.length ? [Math.min(...values), Math.max(...values)] : [0, 1];
    const spare = Math.max((LEAST_RANGE - (high - low)) / 2, (high - low) * 0.06);
    [low, high] = [low - spare, high + spare];
    const y = (value) => top + (1 - (value - low) / (high - low)) * (tall - STRIP);
    const parts = [svg('rect', { class: 'plot', x: LEFT, y: top, width: width - LEFT - RIGHT, height: tall })];
    if (usual) {
      const days = series.season.days;
      const line = (sign) => days.map((day, k) => `${x(day).toFixed(1)} ${y(usual[0][k] + sign * usual[1][k]).toFixed(1)}`);
      parts.push(svg('path', { class: 'range', d: `M${[...line(1), ...line(-1).reverse()].join('L')}Z` }), svg('path', { class: 'season', d: `M${line(0).join('L')}` }));
    }
    const step = [0.02, 0.05, 0.1, 0.2, 0.5].find((each) => (high - low) / each <= 4) || 1;
    for (let tick = Math.ceil(low / step) * step; tick <= high; tick += step) parts.push(svg('text', { class: 'axis', x: LEFT - 4, y: y(tick) + 4, 'text-anchor': 'end' }, tick.toFixed(2)));
    const dots = series.looks.map((look) => this.dot(look, look[column], x, y, top + tall - STRIP / 2));
    return [parts, dots, svg('text', { class: 'name', x: LEFT + 4, y: top + 12 }, t[name])];
  }

  dot([day, , clear], value, x, y, strip) {
    const since = this.row.patch_id && day >= this.row.first_seen;
    const title = svg('title', {}, `${day}${value === null ? ` ${t.cloudy} ${Math.round((1 - clear) * 100)}%` : ` ${value}`}`);
    const place = value === null ? { cy: strip, r: 2.6, class: 'look clouded' } : { cy: y(value), r: 3.6, class: since ? 'look since' : 'look' };
    return svg('circle', { cx: x(day), ...place, 'data-day': day, onclick: (event) => this.choose(event.shiftKey ? 0 : 1, day) }, title);
  }

  flags(x, height) {
    const { first, last } = this.series;
    const within = (day) => day && day >= first && day <= last;
    const line = (day, kind, text) => within(day) && [svg('line', { class: `flag ${kind}`, x1: x(day), x2: x(day), y1: TOP - 2, y2: height - BOTTOM }), text && svg('text', { class: `flagname ${kind}`, x: x(day), y: TOP - 5, 'text-anchor': 'middle' }, text)];
    return [this.row.patch_id && line(this.row.first_seen, 'change', ''), line(this.pair[0], 'shown', t.before), line(this.pair[1], 'shown', t.after)];
  }
}
