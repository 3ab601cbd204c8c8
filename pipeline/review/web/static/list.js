// The list: only the rows that can be seen are elements, so that ten thousand cases scroll as ten do.

import { session } from './api.js';
import { h, options, replace } from './dom.js';
import { counts, filters, model, position, stateOf } from './model.js';
import { findingName, statusName, t } from './words.js';

const ROW = 60;
const SPARE = 6;
const FLAGS = ['new', 'unseen', 'disputed', 'overdue', 'by', 'audit'];

export class List {
  constructor(open, changed) {
    this.open = open;
    this.changed = changed;
    this.current = null;
    this.inner = h('div', { class: 'rows', role: 'listbox', 'aria-label': t.finding });
    this.scroller = h('div', { class: 'scroller', tabindex: '-1', onscroll: () => this.draw() }, this.inner);
    this.count = h('span', { class: 'count' });
    this.search = h('input', { type: 'search', class: 'search', placeholder: t.search, 'aria-label': t.search, oninput: () => this.set('q', this.search.value.trim()) });
    this.selects = Object.fromEntries(['finding', 'review', 'status', 'town', 'mine', 'sort'].map((name) => [name, h('select', { 'aria-label': t[name], onchange: (event) => this.set(name, event.target.value) })]));
    const chip = (name) => h('button', { class: 'chip', type: 'button', onclick: () => this.set(name, filters[name] ? '' : '1') }, name === 'by' ? t.mineOnly : t[name]);
    this.chips = Object.fromEntries(FLAGS.map((name) => [name, chip(name)]));
    this.clear = h('button', { class: 'link', type: 'button', onclick: () => this.reset() }, t.clear);
    this.element = h('section', { class: 'list' },
      h('div', { class: 'filters' }, this.search, h('div', { class: 'selects' }, Object.values(this.selects)), h('div', { class: 'chips' }, Object.values(this.chips)),
        h('div', { class: 'tally' }, this.count, this.clear)),
      this.scroller);
    new ResizeObserver(() => this.draw()).observe(this.scroller);
  }

  set(name, value) {
    filters[name] = value;
    this.scroller.scrollTop = 0;
    this.changed();
  }

  reset() {
    for (const name of Object.keys(filters)) filters[name] = '';
    this.changed();
  }

  // After a month was loaded: what can be chosen from.
  fill() {
    const counted = (of, label = (value) => value) => [['', t.all], ...counts(of).map(([value, n]) => [value, `${label(value)} (${n})`])];
    const titled = (name, entries) => options(this.selects[name], [['', `${t[name]}`], ...entries.slice(1)], filters[name]);
    titled('finding', counted((row) => row.finding, (code) => findingName({ finding: code }, model.names)));
    titled('review', [null, ...['pending', 'confirmed', 'dismissed', 'needs_field_check'].map((each) => [each, t[each]])]);
    titled('status', counted((row) => row.status, statusName));
    titled('town', counted((row) => row.town));
    titled('mine', counted((row) => row.right_name));
    options(this.selects.sort, [['', `${t.sort}:${t.rank}`], ['area', t.area], ['day', t.day], ['id', t.id]], filters.sort);
    for (const name of ['status', 'town']) this.selects[name].hidden = this.selects[name].options.length < 2;
    this.chips.audit.hidden = !session.me.audits;
    this.search.value = filters.q;
  }

  show(current) {
    this.current = current;
    for (const [name, select] of Object.entries(this.selects)) {
      select.value = filters[name];
      select.classList.toggle('on', Boolean(filters[name]));
    }
    for (const name of FLAGS) this.chips[name].setAttribute('aria-pressed', String(Boolean(filters[name])));
    this.clear.hidden = !Object.values(filters).some(Boolean);
    replace(this.count, t.count(model.shown.length, model.rows.length));
    this.inner.style.height = `${Math.max(model.shown.length, 1) * ROW}px`;
    this.reveal();
    this.draw();
  }

  reveal() {
    const at = this.current ? position(this.current) : -1;
    if (at < 0) return;
    const top = at * ROW;
    const { scrollTop, clientHeight } = this.scroller;
    if (top < scrollTop + ROW || top > scrollTop + clientHeight - 2 * ROW) this.scroller.scrollTop = top - clientHeight / 2 + ROW / 2;
  }

  draw() {
    const first = Math.max(Math.floor(this.scroller.scrollTop / ROW) - SPARE, 0);
    const rows = model.shown.slice(first, first + Math.ceil(this.scroller.clientHeight / ROW) + 2 * SPARE);
    if (!model.shown.length) return replace(this.inner, h('p', { class: 'empty' }, t.none));
    return replace(this.inner, rows.map((row, k) => this.row(row, first + k)));
  }

  row(row, at) {
    const state = stateOf(row.id);
    const badge = (on, kind, text) => on && h('span', { class: `badge ${kind}` }, text);
    const element = h('div', { class: 'row', role: 'option', 'data-id': row.id, 'aria-selected': String(row.id === this.current), onclick: () => this.open(row.id) },
      h('span', { class: `severity s${row.severity}` }),
      h('div', { class: 'line' }, h('strong', { class: 'what' }, findingName(row, model.names)),
        badge(row.new_this_month, 'new', t.newShort), badge(state.disputed, 'disputed', t.disputed), badge(state.overdue, 'overdue', t.overdue),
        h('span', { class: `verdict ${state.review}` }, t[state.review])),
      h('div', { class: 'line dim' }, h('span', { class: 'where' }, row.right_name || row.town || t.outside),
        h('span', { class: 'number' }, `${row.area_mu.toFixed(1)} ${t.mu}`), h('span', { class: 'number' }, row.mining_likelihood === null ? '–' : `${Math.round(row.mining_likelihood * 100)}%`)),
      h('div', { class: 'line dim' }, h('span', { class: 'where mono' }, `${row.id} · ${row.first_seen}`), !model.seen.has(row.id) && h('span', { class: 'dot' })));
    element.style.top = `${at * ROW}px`;
    return element;
  }
}
