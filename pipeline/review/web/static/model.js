// The month's cases, what is said of them, and which of them are shown.

import { get, session } from './api.js';

export const model = { rows: [], byId: new Map(), states: new Map(), seen: new Set(), shown: [], names: {}, days: [], views: {}, map: null, serial: 0, months: [], month: null, county: '' };
export const filters = { finding: '', review: '', status: '', town: '', mine: '', q: '', new: '', unseen: '', disputed: '', overdue: '', by: '', audit: '', sort: '' };
const PENDING = { version: 1, review: 'pending' };

export const stateOf = (id) => model.states.get(id) || PENDING;

export async function loadMonth(month) {
  session.month = month;
  const [said, news] = await Promise.all([get('/api/month'), get('/api/states', { since: 0 })]);
  session.month = said.month;
  const rows = said.rows.map((values, rank) => ({ ...Object.fromEntries(said.columns.map((name, k) => [name, values[k]])), rank }));
  Object.assign(model, {
    rows, byId: new Map(rows.map((row) => [row.id, row])), names: said.names, days: said.days, views: said.views, map: said.map, month: said.month, county: said.county,
    states: new Map(Object.entries(news.states)), serial: news.serial, months: news.months, seen: new Set(news.seen),
  });
}

export async function loadNews() {
  const news = await get('/api/states', { since: model.serial });
  model.serial = news.serial;
  model.months = news.months;
  return Object.entries(news.states);
}

const SORTS = {
  area: (a, b) => b.area_m2 - a.area_m2,
  day: (a, b) => (a.first_seen < b.first_seen ? 1 : a.first_seen > b.first_seen ? -1 : a.rank - b.rank),
  id: (a, b) => (a.id < b.id ? -1 : 1),
};

function fits(row, filter) {
  const state = stateOf(row.id);
  return (
    (!filter.finding || row.finding === filter.finding || (row.also || '').split(';').includes(filter.finding)) &&
    (!filter.review || state.review === filter.review) &&
    (!filter.status || row.status === filter.status) &&
    (!filter.town || row.town === filter.town) &&
    (!filter.mine || row.right_name === filter.mine) &&
    (!filter.new || row.new_this_month) &&
    (!filter.unseen || !model.seen.has(row.id)) &&
    (!filter.disputed || state.disputed) &&
    (!filter.overdue || state.overdue) &&
    (!filter.by || state.by === session.me.name) &&
    (!filter.audit || (state.by && state.by !== session.me.name && !state.audit)) &&
    (!filter.q || [row.id, row.right_name, row.town].some((text) => text && text.toLowerCase().includes(filter.q.toLowerCase())))
  );
}

// keep: a case that stays in the list though it no longer fits, because it is open.
export function choose(keep) {
  const found = model.rows.filter((row) => row.id === keep || fits(row, filters));
  model.shown = SORTS[filters.sort] ? found.sort(SORTS[filters.sort]) : found;
}

export const counts = (of) => {
  const found = new Map();
  for (const row of model.rows) {
    const value = of(row);
    if (value) found.set(value, (found.get(value) || 0) + 1);
  }
  return [...found].sort((a, b) => b[1] - a[1]);
};

export const decided = () => model.rows.reduce((n, row) => n + (stateOf(row.id).review !== 'pending'), 0);
export const position = (id) => model.shown.findIndex((row) => row.id === id);

export function nextPending(id) {
  const from = position(id);
  const later = model.shown.slice(from + 1).find((row) => stateOf(row.id).review === 'pending');
  return later || model.shown.slice(0, Math.max(from, 0)).find((row) => stateOf(row.id).review === 'pending') || null;
}

// --- the address

export function readAddress() {
  const query = new URLSearchParams(location.search);
  for (const name of Object.keys(filters)) filters[name] = query.get(name) || '';
  const found = location.pathname.match(/^\/case\/([A-Za-z0-9-]+)$/);
  return { caseId: found ? found[1] : null, month: query.get('month') };
}

export function addressOf(caseId) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(filters)) if (value) query.set(name, value);
  if (model.month) query.set('month', model.month);
  if (document.documentElement.lang === 'en') query.set('lang', 'en');
  return `${caseId ? `/case/${caseId}` : '/'}?${query}`;
}
