// Beside the picture: what is known of a case, what was said of it, and the buttons that say more.

import { address, session } from './api.js';
import { h, replace } from './dom.js';
import { model, stateOf } from './model.js';
import { causeName, english, facts, findingName, JUDGEMENTS, judgementName, REASONS, reasonName, statusName, t } from './words.js';

const M2 = ['area_m2', 'growth_m2', 'overshoot_m2', 'overshoot_certain_m2', 'restriction_m2'];
const M = ['distance_to_right_m', 'overshoot_max_m', 'position_error_m'];
const SHARES = ['confidence', 'mining_likelihood'];
const AFTER = { '': ['field_checked'], field_checked: ['filed', 'handled', 'no_action'], filed: ['rectified'], handled: ['rectified'], no_action: ['closed'], rectified: ['closed'], closed: [] };

const shown = (name, value) => (M2.includes(name) ? `${Math.round(value).toLocaleString('en')} m²` : M.includes(name) ? `${value} m` : SHARES.includes(name) ? `${Math.round(value * 100)}%` : name === 'cause' ? causeName(value) : String(value).replaceAll(';', '; '));
const when = (at) => at.slice(0, 16).replace('T', ' ');

export const spoken = (said) => [t[said.review], said.reason && reasonName(said.reason), said.judgement && judgementName(said.judgement)].filter(Boolean).join(' · ');

// What the ministry's filings would most likely call it; the reviewer may say otherwise.
export function usualJudgement(review, reason) {
  if (review === 'confirmed') return '违法';
  if (review !== 'dismissed' || reason === '其他') return null;
  return reason === '已批准' ? '合法' : '伪变化';
}

export class Panel {
  constructor(acts) {
    this.acts = acts;
    this.body = h('div', { class: 'facts' });
    this.note = h('textarea', { class: 'note', rows: '1', maxlength: '2000', placeholder: t.note, 'aria-label': t.note });
    this.judgement = null;
    this.judgements = JUDGEMENTS.map((value) => h('button', { type: 'button', class: 'chip', onclick: () => this.judge(this.judgement === value ? null : value) }, judgementName(value)));
    const act = (name, key, kind, run) => h('button', { type: 'button', class: `act ${kind}`, onclick: run }, t[name], h('kbd', {}, key));
    this.buttons = h('div', { class: 'acts' }, act('confirm', 'C', 'confirmed', () => acts.confirm()), act('dismiss', 'D', 'dismissed', () => this.ask(true)), act('field', 'F', 'needs_field_check', () => acts.field()), act('undo', 'U', 'plain', () => acts.undo()));
    this.reasons = h('div', { class: 'reasons', hidden: true }, REASONS.map((reason, k) => h('button', { type: 'button', class: 'reason', onclick: () => this.dismiss(k + 1) }, h('kbd', {}, k + 1), reasonName(reason))));
    this.decide = session.me.decides
      ? h('div', { class: 'decide' }, this.reasons, h('div', { class: 'judge' }, h('span', { class: 'dim' }, t.judgement, ' ', h('kbd', {}, 'G')), this.judgements), this.note, this.buttons)
      : h('div', { class: 'decide dim' }, t.viewer);
    this.note.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') {
        if (this.other) this.ask(false);
        this.note.blur();
      }
      if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        if (this.other) this.acts.dismiss('其他');
        else this.note.blur();
      }
    });
    this.element = h('section', { class: 'panel' }, this.body, this.decide);
  }

  // --- deciding

  ask(on) {
    this.reasons.hidden = !on;
    this.other = false;
    this.note.placeholder = t.note;
  }

  get asking() {
    return !this.reasons.hidden;
  }

  dismiss(number) {
    const reason = REASONS[number - 1];
    if (reason !== '其他' || this.note.value.trim()) return this.acts.dismiss(reason);
    this.other = true;
    this.note.placeholder = t.other;
    return this.note.focus();
  }

  judge(value) {
    this.judgement = value;
    this.judgements.forEach((button, k) => button.setAttribute('aria-pressed', String(JUDGEMENTS[k] === value)));
  }

  // The next of them; after the last none, which leaves it to the verdict.
  turnJudgement() {
    if (session.me.decides) this.judge(JUDGEMENTS[JUDGEMENTS.indexOf(this.judgement) + 1] ?? null);
  }

  take() {
    const said = { note: this.note.value.trim() || null, judgement: this.judgement };
    this.fresh();
    return said;
  }

  // Nothing half-said, and no key meant as a verdict, goes to another case.
  fresh() {
    this.note.blur();
    this.note.value = '';
    this.judge(null);
    this.ask(false);
  }

  // --- showing

  show(id, said) {
    const [row, state] = [said.properties, stateOf(id)];
    replace(this.body,
      h('header', { class: 'title' }, h('span', { class: `severity s${row.severity}` }), h('div', {},
        h('h2', {}, findingName(row, model.names)),
        h('p', { class: 'dim mono' }, row.id, ' ', h('span', { class: `status ${row.status}` }, statusName(row.status))))),
      h('div', { class: `standing ${state.review}` }, h('strong', {}, spoken({ ...state, review: state.review })), state.by && h('span', { class: 'dim' }, ` ${state.by} ${when(state.at)}`), state.disputed && h('span', { class: 'badge disputed' }, t.disputed),
        state.note && h('p', {}, state.note)),
      this.audit(state), this.table(row), this.trace(said.trace[english ? 'en' : 'zh']),
      h('p', { class: 'links' }, row.evidence && h('a', { href: address(`/api/case/${id}/evidence`), target: '_blank', rel: 'noopener' }, t.evidence),
        h('button', { type: 'button', class: 'link', onclick: () => this.acts.copy() }, t.copy)),
      said.flights.length > 0 && h('section', { class: 'flights' }, h('h3', {}, t.flights), said.flights.map((flight) => this.flight(flight))),
      this.steps(state, said.history), this.history(said.history));
  }

  trace(lines) {
    return lines.length > 0 && h('details', {}, h('summary', {}, t.trace), h('ul', { class: 'trace' }, lines.map((line) => h('li', {}, line))));
  }

  table(row) {
    const also = (row.also || '').split(';').filter(Boolean).map((code) => findingName({ finding: code }, model.names));
    const entries = Object.entries(facts).filter(([name]) => name !== 'lonlat' && row[name] !== null && row[name] !== undefined);
    const line = (label, value) => h('tr', {}, h('th', {}, label), h('td', {}, value));
    return h('table', {}, also.length > 0 && line(t.also, also.join('、')), entries.map(([name]) => line(facts[name], shown(name, row[name]))), line(facts.lonlat, `${row.lon}, ${row.lat}`));
  }

  flight({ flight, captured, says, why, pictures, photos }) {
    const at = (name) => address(`/api/flight/${flight}/${name.split('/').map(encodeURIComponent).join('/')}`);
    const show = (name, label) => h('a', { href: at(name), target: '_blank', rel: 'noopener', title: label }, h('img', { src: at(name), alt: label, loading: 'lazy' }));
    const told = (photo) => [photo.taken?.slice(0, 10), photo.azimuth !== null && `${Math.round(photo.azimuth)}°`, photo.distance_m !== null && `${Math.round(photo.distance_m)} m`, ...photo.doubts].filter(Boolean).join(' · ');
    return h('div', { class: `flight ${says || ''}` }, h('p', {}, h('strong', {}, [captured, says && t[says]].filter(Boolean).join(' ')), ' ', why),
      h('div', {}, pictures.map(([name, title]) => show(name, title)), photos.map((photo) => h('figure', {}, show(photo.file, told(photo)), h('figcaption', { class: 'dim small' }, told(photo))))));
  }

  audit(state) {
    if (!session.me.audits || !state.by) return null;
    if (state.by === session.me.name) return h('p', { class: 'dim small' }, t.own);
    const said = h('input', { type: 'text', maxlength: '2000', placeholder: t.auditNote, 'aria-label': t.auditNote, class: 'auditnote' });
    const button = (agrees) => h('button', { type: 'button', class: `tool ${state.audit === (agrees ? 'agrees' : 'disagrees') ? 'primary' : ''}`, onclick: () => this.acts.audit(agrees, said.value.trim() || null) }, t[agrees ? 'agrees' : 'disagrees']);
    return h('div', { class: 'audit' }, h('strong', {}, t.auditTitle), button(true), button(false), said);
  }

  steps(state, history) {
    if (state.review !== 'confirmed') return null;
    const taken = history.filter((each) => each.kind === 'step').length > 0;
    const next = AFTER[state.step || ''];
    const named = (name, field) => h('label', {}, name, field);
    const what = h('select', {}, [...next, ...(taken && state.step ? ['withdrawn'] : [])].map((each) => h('option', { value: each }, t[each])));
    const now = new Date();
    const today = new Date(now - now.getTimezoneOffset() * 60000).toISOString().slice(0, 10); // by this computer's own clock
    const date = h('input', { type: 'date', max: today, value: today });
    const paper = h('input', { type: 'text', maxlength: '200' });
    const due = h('input', { type: 'date' });
    const save = () => (paper.value.trim() ? this.acts.step({ step: what.value, date: date.value, document: paper.value.trim(), due: due.value || null }) : paper.focus());
    const where = h('p', { class: state.overdue ? 'overdue' : 'dim' }, state.step ? t[state.step] : t.confirmed, state.due && ` · ${t.dueBy(state.due)}`, state.overdue && ` · ${t.overdue}`);
    const form = session.me.decides && (next.length || state.step) && h('form', { class: 'stepform', onsubmit: (event) => (event.preventDefault(), save()) }, named(t.nextStep, what), named(t.stepDate, date), named(t.document, paper), named(t.due, due), h('button', { class: 'tool' }, t.save));
    return h('details', { open: taken || state.overdue || null }, h('summary', {}, t.steps), where, form);
  }

  history(history) {
    if (!history.length) return null;
    const what = (each) => {
      if (each.kind === 'verdict') return [each.undoes ? t.undone : t.kindVerdict, spoken(each), each.note];
      if (each.kind === 'late') return [t.kindLate, spoken(each), each.note];
      if (each.kind === 'audit') return [t.kindAudit, each.agrees ? t.agrees : t.disagrees, each.note];
      if (each.kind === 'step') return [t.kindStep, `${t[each.step]} ${each.date} ${each.document}`, each.due && t.dueBy(each.due)];
      return [t.kindOutline, each.area_m2 === null ? t.back : `${Math.round(each.area_m2)} m²`, null];
    };
    const entry = (each) => {
      const [kind, text, note] = what(each);
      return h('li', { class: `of-${each.kind}` }, h('span', { class: 'dim' }, `${when(each.at)} ${each.by} ${kind}`), h('br'), text, note && h('span', { class: 'said' }, ` ${note}`));
    };
    return h('details', { open: true }, h('summary', {}, t.history), h('ol', { class: 'history' }, history.toReversed().map(entry)));
  }
}
