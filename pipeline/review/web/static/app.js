// The page: list, pictures, facts and map, and what keys and buttons do with them.

import * as api from './api.js';
import { Chart } from './chart.js';
import { Details } from './details.js';
import { h, options, replace } from './dom.js';
import { Drawing } from './draw.js';
import { told } from './errors.js';
import { followKeys, helpBox } from './keys.js';
import { List } from './list.js';
import { askForToken } from './login.js';
import { CountyMap } from './map.js';
import { addressOf, choose, decided, filters, loadMonth, loadNews, model, nextPending, position, readAddress, stateOf } from './model.js';
import { Overview } from './overview.js';
import { Panel, spoken, usualJudgement } from './panel.js';
import { Viewer } from './viewer.js';
import { t } from './words.js';

const NEWS_MS = 8000;
const NOTICE_MS = 7000;

class Page {
  constructor() {
    this.current = null;
    this.mine = [];
    this.seen = [];
    this.panel = new Panel(this);
    this.list = new List((id) => this.open(id), () => this.filtered());
    this.viewer = new Viewer((id) => this.pictured(id), api.session.me.decides && (() => this.draw()));
    this.viewer.reload = (id) => id && this.open(id, { again: true });
    this.chart = new Chart((which, day) => this.viewer.setDay(which, day));
    this.map = new CountyMap((id) => this.open(id));
    this.overview = new Overview((name, value) => this.list.set(name, value));
    this.drawing = new Drawing(this.viewer, (points) => this.write('outline', { points }, {}));
    this.details = new Details();
    this.progress = h('span', { class: 'progress' }, h('i'), h('b', {}));
    this.outbox = h('span', { class: 'outbox' });
    this.notices = h('div', { class: 'notices', role: 'status' });
    this.months = h('select', { class: 'months', 'aria-label': t.month, onchange: (event) => this.load(event.target.value, null) });
    const button = (text, act, title) => h('button', { type: 'button', class: 'headtool', onclick: act, title }, text);
    this.head = h('header', { class: 'head' }, h('img', { src: '/static/icon.svg', alt: '', width: '24', height: '24' }), h('h1', {}, t.brand), this.months, this.progress, this.outbox, h('span', { class: 'gap' }),
      button(t.map, () => this.home(), 'M'), button(t.help, () => helpBox.toggle(), '?'), h('span', { class: 'me' }, `${api.session.me.name}`), button(t.logout, () => this.leave()));
    this.middle = h('div', { class: 'middle' });
    this.side = h('div', { class: 'side' });
    replace(document.body, this.head, h('main', {}, this.list.element, this.middle, this.side), this.notices, helpBox.element);
    api.on('outbox', (said) => this.tellOutbox(said));
    api.on('written', (said) => this.written(said));
    api.on('refused', (said) => this.refused(said));
    window.addEventListener('popstate', () => this.follow());
    window.addEventListener('pagehide', () => this.tellSeen());
    followKeys(this);
  }

  // --- where we are

  async load(month, caseId) {
    await loadMonth(month);
    this.mine = [];
    this.details.clear();
    options(this.months, model.months.toReversed().map((each) => [each, each]), model.month);
    this.list.fill();
    choose(caseId);
    this.map.reset();
    if (caseId && model.byId.has(caseId)) await this.open(caseId, { replace: true });
    else this.home({ replace: true });
    requestAnimationFrame(() => {
      performance.mark('ready');
      document.body.dataset.ready = model.month;
    });
  }

  async follow() {
    const { caseId, month } = readAddress();
    if (month && month !== model.month) return this.load(month, caseId);
    this.list.fill();
    return caseId && model.byId.has(caseId) ? this.open(caseId, { back: true }) : this.home({ back: true });
  }

  remember({ replace: instead, back }) {
    const there = addressOf(this.current);
    if (back || there === location.pathname + location.search) return;
    history[instead ? 'replaceState' : 'pushState'](null, '', there);
  }

  filtered() {
    choose(this.current);
    this.remember({ replace: true });
    this.refresh();
    this.map.draw();
  }

  refresh() {
    this.list.show(this.current);
    if (!this.current) this.overview.show();
    const [done, total] = [decided(), model.rows.length];
    replace(this.progress.querySelector('b'), t.done(done, total));
    this.progress.querySelector('i').style.width = `${total ? (done / total) * 100 : 0}%`;
  }

  home(how = {}) {
    if (this.drawing.on) this.drawing.end();
    this.viewer.setMode(this.viewer.mode === 'blink' ? 'swipe' : this.viewer.mode);
    this.current = null;
    choose(null);
    replace(this.middle, this.map.element);
    replace(this.side, this.overview.element);
    this.map.current = null;
    this.map.reset();
    this.remember(how);
    this.refresh();
    document.title = `${t.brand} · ${model.county} ${model.month}`;
  }

  async open(id, how = {}) {
    if (this.drawing.on) this.drawing.end();
    const began = performance.now();
    const other = this.current !== id;
    if (!this.current) {
      replace(this.middle, this.viewer.element, this.chart.element);
      replace(this.side, this.map.element, this.panel.element);
    }
    this.current = id;
    this.began = began;
    if (other) {
      this.panel.fresh();
      this.map.current = id === this.map.current ? id : null;
    }
    choose(id);
    this.remember(how);
    this.refresh();
    document.title = `${id} · ${t.brand}`;
    let said;
    try {
      said = await this.details.get(id, this.viewer.wider, how.again);
    } catch (error) {
      if (error.status !== 401) this.notice(error.status ? told(error.said) : t.offline, 'bad');
      return;
    }
    if (this.current !== id) return;
    this.panel.show(id, said);
    if (other) this.chart.clear(t.loading);
    await this.viewer.show(id, said);
  }

  // The pictures of a case are there.
  pictured(id) {
    if (this.current !== id) return;
    requestAnimationFrame(() => {
      document.body.dataset.shown = id;
      document.body.dataset.took = Math.round(performance.now() - this.began);
    });
    if (this.map.current !== id) this.map.show(id, true);
    if (this.chart.series) this.chart.mark(this.viewer.pair);
    this.note(id);
    this.details.ahead(this.neighbours(id), this.viewer);
    this.details.series(id).then((series) => {
      if (this.current !== id) return;
      this.chart.show(series, model.byId.get(id) && { ...this.viewer.said.properties }, this.viewer.pair);
      this.viewer.setLooks(series);
    }, () => this.current === id && this.chart.clear(t.noSeries));
  }

  neighbours(id) {
    const at = position(id);
    return [...new Set([nextPending(id)?.id, model.shown[at + 1]?.id, model.shown[at - 1]?.id])].filter(Boolean);
  }

  move(by) {
    const at = this.current ? position(this.current) + by : 0;
    const row = model.shown[Math.max(at, 0)];
    if (row && row.id !== this.current) this.open(row.id);
    else if (by > 0) this.notice(t.end);
  }

  next() {
    const row = nextPending(this.current);
    if (row) this.open(row.id);
    else this.notice(t.allDone);
  }

  // --- what is said

  decide(review, reason) {
    if (!this.current || !api.session.me.decides) return;
    const said = this.panel.take();
    const [note, judgement] = [said.note, said.judgement || usualJudgement(review, reason)];
    const state = stateOf(this.current);
    const again = state.by === api.session.me.name && state.review === review && (state.reason ?? null) === reason && (state.judgement ?? null) === judgement && !note;
    const after = nextPending(this.current);
    if (!again) {
      this.mine.push(this.current);
      const becomes = { review, reason: reason ?? undefined, note: note ?? undefined, judgement: judgement ?? undefined };
      this.write('verdict', { review, review_reason: reason, review_note: note, judgement }, becomes);
    }
    if (after && after.id !== this.current) this.open(after.id);
    else {
      this.open(this.current);
      if (!after) this.notice(t.allDone);
    }
  }

  confirm() {
    this.decide('confirmed', null);
  }

  dismiss(reason) {
    this.decide('dismissed', reason);
  }

  field() {
    this.decide('needs_field_check', null);
  }

  undo() {
    if (!api.session.me.decides) return;
    const id = this.mine.pop() || (stateOf(this.current || '').undo === api.session.me.name ? this.current : null);
    if (!id) {
      this.notice(this.current ? t.nothingToUndo : t.undoWhich);
      return;
    }
    this.write('undo', {}, { review: 'pending', reason: undefined, note: undefined, judgement: undefined }, id);
    this.open(id);
  }

  audit(agrees, note) {
    if (!this.current || !api.session.me.audits || !stateOf(this.current).by || stateOf(this.current).by === api.session.me.name) return;
    this.write('audit', { agrees, note }, { audit: agrees ? 'agrees' : 'disagrees', disputed: !agrees || undefined });
  }

  step(what) {
    this.write('step', what, {});
  }

  // Sent in the background; shown at once as it will most likely be.
  write(what, body, becomes, id = this.current) {
    const state = stateOf(id);
    const decides = what === 'verdict' || what === 'undo';
    api.send(id, what, { version: state.version, ...body });
    const mine = decides ? { by: api.session.me.name, undo: api.session.me.name, at: new Date().toISOString(), version: state.version + 1, audit: undefined, disputed: undefined } : {};
    model.states.set(id, { ...state, ...mine, ...becomes });
    this.refresh();
    this.map.draw();
  }

  written({ caseId, what, answer, month }) {
    if (month !== model.month) return;
    const waits = api.undelivered().some((each) => each.caseId === caseId);
    if (!waits) model.states.set(caseId, answer.state);
    this.details.changed(caseId, answer.history);
    if (answer.late) {
      const state = answer.state;
      this.notice(`${caseId}: ${t.late(state.by, spoken(state))}`, 'bad', () => this.open(caseId));
    }
    if (this.current === caseId) this.open(caseId, { again: what === 'outline' });
    this.refresh();
  }

  refused({ caseId, error }) {
    this.notice(`${t.refused}${caseId}: ${told(error)}`, 'bad', () => this.open(caseId));
    this.details.forget(caseId);
    model.serial = 0;
    this.news();
  }

  tellOutbox({ left, why }) {
    replace(this.outbox, left ? t.waiting(left) : '', why ? ` · ${t[why] || told(why)}` : '');
    this.outbox.classList.toggle('bad', Boolean(why));
  }

  notice(text, kind = '', act = null) {
    const box = h('div', { class: `notice ${kind}` }, h('span', {}, text), act && h('button', { type: 'button', class: 'link', onclick: () => (act(), box.remove()) }, t.open));
    this.notices.append(box);
    setTimeout(() => box.remove(), act ? 3 * NOTICE_MS : NOTICE_MS);
  }

  // --- what others do meanwhile

  note(id) {
    if (model.seen.has(id)) return;
    model.seen.add(id);
    this.seen.push(id);
    this.list.draw();
  }

  async tellSeen() {
    const cases = this.seen.splice(0);
    if (!cases.length) return;
    await api.post('/api/seen', { cases }).catch(() => this.seen.unshift(...cases));
  }

  async news() {
    const held = new Set(api.undelivered().map((each) => each.caseId));
    const before = model.months.at(-1);
    const changed = await loadNews().catch(() => []);
    for (const [id, state] of changed) {
      if (held.has(id) || JSON.stringify(state) === JSON.stringify(stateOf(id))) continue;
      const others = state.by && state.by !== api.session.me.name && state.version !== stateOf(id).version;
      model.states.set(id, state);
      this.details.forget(id);
      if (this.current !== id) continue;
      if (others) this.notice(t.others(state.by, spoken(state)));
      this.open(id);
    }
    if (before && model.months.at(-1) > before) this.notice(t.newMonth(model.months.at(-1)), '', () => this.load(model.months.at(-1), null));
    if (changed.length) this.filtered();
  }

  copy() {
    navigator.clipboard?.writeText(location.href).then(() => this.notice(t.copied));
  }

  draw() {
    if (this.current && api.session.me.decides) this.drawing.begin();
  }

  async leave() {
    await this.tellSeen();
    await api.post('/api/logout', {}).catch(() => null);
    location.assign('/');
  }
}

async function begin() {
  await api.whoAmI().catch(() => askForToken(false));
  const page = new Page();
  const { name } = api.session.me;
  api.on('login', () => askForToken(true).then(() => (api.session.me.name === name ? api.deliver() : location.reload())));
  const { caseId, month } = readAddress();
  const unknown = (error) => (error.status === 404 || error.status === 400 ? page.load(null, caseId) : Promise.reject(error));
  await page.load(month, caseId).catch(unknown).catch((error) => page.notice(error.said ? told(error.said) : error.message, 'bad'));
  api.deliver();
  setInterval(() => {
    page.tellSeen();
    page.news();
  }, NEWS_MS);
  window.addEventListener('online', () => api.deliver());
}

begin();
